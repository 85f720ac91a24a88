import { memoryTransport } from "../memory/index.ts";
import type { Rig } from "./rig.ts";

/** The rig of the transport inside the process. */
export const memoryRig: Rig = {
  name: "memory",
  async start(hub) {
    const ends = new Set<() => void>();
    let stopped = false;
    return {
      transport: () => {
        const transport = memoryTransport(hub);
        return {
          ...transport,
          connect(observer) {
            if (stopped) {
              queueMicrotask(() => observer.close({ code: "link_lost" }));
              return { buffered: 0, send() {}, close() {} };
            }
            const link = transport.connect({
              open: () => observer.open(),
              message: (message) => observer.message(message),
              malformed: (reason) => observer.malformed(reason),
              close(cause) {
                ends.delete(end);
                observer.close(cause);
              },
            });
            const end = (): void => link.close({ code: "link_lost" });
            ends.add(end);
            return link;
          },
        };
      },
      async stop() {
        stopped = true;
        for (const end of ends) end();
      },
    };
  },
};
