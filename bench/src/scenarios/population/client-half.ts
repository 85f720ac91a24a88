/**
 * The clients' half where connections themselves are measured: many cheap subscribers that join by
 * script.
 */
import { hostNow } from "../../measure/clock.ts";
import { loadContender } from "../../registry.ts";
import { type LoadClient, openLoadClients } from "../fan-out/load-clients.ts";

/** How joining went. */
export interface Joining {
  /** Milliseconds until the last was subscribed. */
  readonly milliseconds: number;
  /** Failures; when there are any, not all clients have joined. */
  readonly troubles: readonly string[];
}

/** See `HalfModule`. */
export function createHalf() {
  const troubles: string[] = [];
  let clients: LoadClient[] = [];
  const leave = (): void => {
    for (const client of clients) client.close();
    clients = [];
  };
  return {
    /** Joins `count` more, so many at the same time. */
    async join(module: string, port: number, count: number, atOnce: number): Promise<Joining> {
      const { name, load } = await loadContender(module);
      if (!load) throw new Error(`${name} does not declare how load clients join`);
      const start = hostNow();
      const lost = (what: string): void => void (troubles.length < 5 && troubles.push(what));
      try {
        clients.push(...(await openLoadClients(load, port, count, lost, atOnce)));
      } catch (error) {
        troubles.push(error instanceof Error ? error.message : String(error));
      }
      return { milliseconds: hostNow() - start, troubles };
    },
    /** Ends all connections. */
    leave,
    close: leave,
  };
}
