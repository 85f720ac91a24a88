import { conformance } from "@bellwire/core/conformance";
import { describe, it } from "vitest";
import { socketIoPollingRig, socketIoRig, socketIoUpgradeRig } from "../src/testing.ts";

conformance(socketIoRig, { describe, it });

// A faulty network adds the same on every carrier, and the campaign runs it; the usual run leaves
// its hundreds of requests a second out.
const directly = {
  it,
  describe: (name: string, register: () => void) => !name.endsWith("faults") && describe(name, register),
};
conformance(socketIoPollingRig, directly);
conformance(socketIoUpgradeRig, directly);
