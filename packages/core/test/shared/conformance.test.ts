/** What many tabs make of a wire is a wire like any other: the kit, over the leader's own link, and over that of a tab that follows. */
import { conformance, memoryRig, type Rig } from "@bellwire/core/conformance";
import { describe, it } from "vitest";
import { inTabs } from "./tabs.ts";

for (const role of ["leader", "follower"] as const) {
  const rig: Rig = {
    name: `shared(memory), ${role}`,
    async start(hub) {
      const server = await memoryRig.start(hub);
      return { ...server, transport: (port) => inTabs(server.transport(port), role) };
    },
  };
  conformance(rig, { describe, it });
}
