/** Bellwire over Socket.IO's long polling, where a proxy lets nothing else through. */
import type { Contender } from "../contender.ts";
import { bellwireSocketIo } from "./bellwire-socketio.ts";
import { POLLING_SCENARIOS } from "./polling-scenarios.ts";

export const contender: Contender = {
  ...bellwireSocketIo("Bellwire socketio (polling)", "polling"),
  caveats: ["long polling"],
  scenarios: POLLING_SCENARIOS,
};
