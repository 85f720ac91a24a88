import { conformance } from "@bellwire/core/conformance";
import { describe, it } from "vitest";
import { socketIoPollingRig, socketIoRig, socketIoUpgradeRig } from "../src/testing.ts";

conformance(socketIoRig, { describe, it });

// What a faulty network adds is the same on every carrier, and the campaign runs it; a hundred requests a second are not for every day.
const directly = {
  it,
  describe: (name: string, register: () => void) => !name.endsWith("faults") && describe(name, register),
};
conformance(socketIoPollingRig, directly);
conformance(socketIoUpgradeRig, directly);
