/** The memory transport as tabs share it: to the kit, a transport like any other. */
import { memoryRig, type Rig } from "@bellwire/core/conformance";
import { inTabs } from "./tabs.ts";

export function tabsRig(role: "leader" | "follower"): Rig {
  return {
    name: `shared(memory), ${role}`,
    async start(hub) {
      const server = await memoryRig.start(hub);
      return { ...server, transport: (port) => inTabs(server.transport(port), role) };
    },
  };
}
