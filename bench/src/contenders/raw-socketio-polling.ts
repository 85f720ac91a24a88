/** The bare library beside Bellwire over long polling. */
import type { Contender } from "../contender.ts";
import { POLLING_SCENARIOS } from "./polling-scenarios.ts";
import { rawSocketIo } from "./raw-socketio.ts";

export const contender: Contender = {
  ...rawSocketIo("raw Socket.IO (polling)", "polling"),
  caveats: ["long polling"],
  scenarios: POLLING_SCENARIOS,
};
