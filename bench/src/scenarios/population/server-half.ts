/**
 * The server's half where connections themselves are measured: serves one contender, and says what
 * its process takes.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { FAN_OUT_EVENT, type ServerHalf } from "../../contender.ts";
import { loadContender } from "../../registry.ts";

/** The memory of the process after a full collection, in bytes. */
export interface Memory {
  readonly heap: number;
  readonly rss: number;
}

/** See `HalfModule`. */
export function createHalf() {
  let half: ServerHalf | undefined;
  let before = process.cpuUsage();
  return {
    /** Resolves to the port. */
    async serve(module: string): Promise<number> {
      half = await (await loadContender(module)).serve({ events: [FAN_OUT_EVENT] });
      return half.port;
    },
    begin(): void {
      before = process.cpuUsage();
    },
    /** CPU since `begin`, microseconds. */
    cpu(): number {
      const { user, system } = process.cpuUsage(before);
      return user + system;
    },
    async memory(): Promise<Memory> {
      const collect = collector();
      // Twice: what the first lets go of may hold buffers that only the second can free.
      for (let time = 0; time < 2; time += 1) {
        collect();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const { heapUsed, external, rss } = process.memoryUsage();
      return { heap: heapUsed + external, rss };
    },
    failures: (): number => half?.failures() ?? 0,
    async close(): Promise<void> {
      await half?.close();
    },
  };
}

/** V8's collector, without a flag on the command line of every process. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
