/** The client's half of blocked-websocket: one client, as an application would connect it. */
import { type ClientHalf, FAN_OUT_EVENT, FAN_OUT_TOPIC } from "../contender.ts";
import { hostNow, sleep } from "../measure/clock.ts";
import { loadContender } from "../registry.ts";

/** How it went. */
export interface Attempt {
  readonly connected: boolean;
  readonly milliseconds: number;
}

/** See `HalfModule`. */
export function createHalf() {
  let connecting: Promise<ClientHalf | undefined> = Promise.resolve(undefined);
  return {
    /** Tries for at most `patience` milliseconds to subscribe. */
    async attempt(module: string, port: number, patience: number): Promise<Attempt> {
      const contender = await loadContender(module);
      const start = hostNow();
      connecting = contender
        .connect({
          port,
          topics: [FAN_OUT_TOPIC],
          events: [FAN_OUT_EVENT],
          comesBack: true,
          received: () => {},
          troubled: () => {},
        })
        .catch(() => undefined);
      const client = await Promise.race([connecting, sleep(patience)]);
      return { connected: client !== undefined, milliseconds: hostNow() - start };
    },
    /** One that has not got through yet is closed should it ever. */
    close(): void {
      void connecting.then((client) => client?.close());
    },
  };
}
