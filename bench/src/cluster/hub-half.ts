/** A hub of the cluster in a process of its own. */
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { isBellwireError, type TopicMap } from "@bellwire/core";
import { createHub, type Hub } from "@bellwire/core/server";
import { FAN_OUT_EVENT } from "../contender.ts";
import { contractOf } from "../contenders/workout-app.ts";
import { sleep } from "../measure/clock.ts";
import { broadcast } from "../scenarios/fan-out/content.ts";
import { type OpenEngine, openEngine } from "./engine.ts";
import { servePort } from "./port.ts";
import { EVENT, Load, type ServeOrder, type ServerHandlers } from "./server.ts";

const MANY = 1_000_000;
/** Milliseconds after which a refused publish is tried again, unless the hub says another time. */
const AGAIN = 50;

/** See `HalfModule`. */
export function createHalf() {
  let hub: Hub<TopicMap> | undefined;
  let engine: OpenEngine | undefined;
  let stop = async (): Promise<void> => {};

  const running = (): Hub<TopicMap> => {
    if (!hub) throw new Error("nothing is served");
    return hub;
  };

  /** Publishes until the hub has taken it, as GUARANTEES.md tells an application to. */
  async function publish(topic: string, n: number): Promise<void> {
    for (;;) {
      try {
        await running().publish(topic, EVENT, { n }, { id: `${process.pid}-${n}` });
        return;
      } catch (error) {
        if (!isBellwireError(error) || !error.retryable) throw error;
        await sleep(error.retryAfter ?? AGAIN);
      }
    }
  }
  const load = new Load(publish);

  const handlers = {
    async serve({ engine: address, port, size }: ServeOrder): Promise<number> {
      engine = await openEngine(address, size);
      hub = createHub({
        topics: contractOf([EVENT, FAN_OUT_EVENT]),
        authorize: () => true,
        backplane: engine.backplane,
        onError: () => {},
        // All clients have one address, and those that only count answer no ping.
        limits: { links: MANY, linkRate: MANY, pingInterval: 600_000 },
      });
      const http = await servePort(port, (server) => attachWebSocket(running(), server));
      stop = http.close;
      return http.port;
    },
    load: (topics: readonly string[], rate: number) => load.start(topics, rate),
    rest: () => load.rest(),
    /**
     * Publishes the fan-out's notifications with these numbers, so many milliseconds apart: enough
     * for the deliveries of one, so that no engine's hub writes several to a client at once.
     */
    async broadcast(from: number, count: number, pace: number): Promise<void> {
      for (let n = from; n < from + count; n += 1) {
        const { topic, event, data } = broadcast(n);
        await running().publish(topic, event, data);
        await sleep(pace);
      }
    },
    /** Fills a topic, and gives the position before. */
    async fill(topic: string, count: number): Promise<{ epoch: string; offset: number }> {
      const before = await running().position(topic);
      for (let n = 1; n <= count; n += 1) await running().publish(topic, EVENT, broadcast(n).data);
      return before;
    },
    /** CPU of this process so far, microseconds. */
    cpu(): number {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
    die(): void {
      process.kill(process.pid, "SIGKILL");
    },
    async leave(spread: number): Promise<void> {
      await hub?.close({ spread });
      await handlers.close();
      process.exit();
    },
    async close(): Promise<void> {
      await hub?.close({ flush: 0, spread: 0 });
      await engine?.close();
      await stop();
    },
  } satisfies ServerHandlers & Record<string, unknown>;
  return handlers;
}
