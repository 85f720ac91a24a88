/**
 * The benchmark's application on Bellwire, without a wire: its contract, its hub, and what all
 * wires share.
 */
import { type Contract, defineTopics, type TopicMap, type } from "@bellwire/core";
import { createHub, type Hub, type HubOptions, type Identity } from "@bellwire/core/server";
import type { ServeOrder, ServerHalf } from "../contender.ts";

type Data = Readonly<Record<string, unknown>>;

/** Topics of up to four parts, whatever they are called: workloads come from files. */
const PATTERNS = ["{a}", "{a}.{b}", "{a}.{b}.{c}", "{a}.{b}.{c}.{d}"];

/**
 * The contract: every event on every topic. Types alone, no schemas, as the control rows validate
 * nothing either. Every event is logged, none conflated, so that each delivery is due and the
 * ledger can count.
 */
export function contractOf(events: readonly string[]): Contract<TopicMap> {
  const each = Object.fromEntries(events.map((event) => [event, type<Data>()]));
  return defineTopics(Object.fromEntries(PATTERNS.map((pattern) => [pattern, each])));
}

/** The server of the hub; see {@link ServerHalf}. */
export type Served = Pick<ServerHalf, "port" | "bytesWritten" | "close">;

/**
 * Serves a hub over whatever `attach` attaches. It takes thousands of clients from one address at
 * once, and lets each publish.
 */
export async function serveHub(
  { events }: ServeOrder,
  attach: (hub: Hub<TopicMap>) => Promise<Served>,
  more: Pick<HubOptions<TopicMap, Identity>, "broadcasters" | "backplane"> = {},
): Promise<ServerHalf> {
  let failures = 0;
  const failed = (error: unknown): void => {
    failures += 1;
    if (failures === 1) console.error(error);
  };
  const hub = createHub({
    topics: contractOf(events),
    authorize: () => true,
    onError: failed,
    ...more,
    limits: {
      linkRate: 100_000,
      // In a storm everybody waits for everybody.
      helloTimeout: 30_000,
      // Load clients do not answer pings; they are gone long before this.
      pingInterval: 600_000,
    },
  });
  const { port, bytesWritten, close } = await attach(hub);
  return {
    port,
    bytesWritten,
    failures: () => failures,
    publish(notices) {
      for (const { topic, event, data } of notices) hub.publish(topic, event, data).catch(failed);
    },
    async close() {
      await hub.close({ flush: 0, spread: 0 });
      await close();
    },
  };
}
