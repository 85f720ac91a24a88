/** The cost of a delivery for a hub over Redis, against one over memory in the same run. */
import { bootstrapMedian, median, pairedRatios } from "../measure/stats.ts";
import { childModule } from "../process/ahead.ts";
import { type Child, type Half, startChild } from "../process/child.ts";
import { ownModule } from "../process/own-module.ts";
import type * as clientHalf from "../scenarios/fan-out/client-half.ts";
import type { EngineAddress } from "./engine.ts";
import type { Figure } from "./figure.ts";
import type * as hubHalf from "./hub-half.ts";
import type { Crowd } from "./plan.ts";
import type { Run } from "./run.ts";

/** Milliseconds for what a hub does behind the deliveries of a slice. */
const BEHIND = 30;

/** One hub with its subscribers. */
class Side {
  readonly costs: number[] = [];
  readonly #children: readonly Child[];
  readonly #hub: Half<typeof hubHalf>;
  readonly #clients: Half<typeof clientHalf>;
  readonly #subscribers: number;
  #published = 0;

  private constructor(
    children: readonly Child[],
    hub: Half<typeof hubHalf>,
    clients: Half<typeof clientHalf>,
    subscribers: number,
  ) {
    this.#children = children;
    this.#hub = hub;
    this.#clients = clients;
    this.#subscribers = subscribers;
  }

  static async start(engine: EngineAddress, subscribers: number): Promise<Side> {
    const children = [startChild(`hub over ${engine.engine}`), startChild("subscribers")] as const;
    const hub = await children[0].become<typeof hubHalf>(new URL("./hub-half.ts", import.meta.url));
    const clients = await children[1].become<typeof clientHalf>(
      new URL("../scenarios/fan-out/client-half.ts", import.meta.url),
    );
    const port = await hub.ask("serve", { engine, port: 0 });
    const contender = childModule(ownModule(new URL("../contenders/bellwire-ws.ts", import.meta.url)).href);
    await clients.ask("connect", contender, port, subscribers);
    return new Side(children, hub, clients, subscribers);
  }

  /** Delivers so many notifications to everyone, one by one. Microseconds per delivery. */
  async slice({ notifications, pace }: Crowd): Promise<number> {
    const before = await this.#hub.ask("cpu");
    await this.#hub.ask("broadcast", this.#published, notifications, pace);
    this.#published += notifications;
    const { lost, doubled, troubles } = await this.#clients.ask("settle", this.#published);
    if (lost + doubled + troubles.length > 0)
      throw new Error(`fan-out: ${lost} lost, ${doubled} doubled; ${troubles.join("; ")}`);
    await new Promise((resolve) => setTimeout(resolve, BEHIND));
    const after = await this.#hub.ask("cpu");
    return (after - before) / (notifications * this.#subscribers);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop()));
  }
}

/** One figure for each population. */
export async function fanOutCosts(run: Run, redis: EngineAddress): Promise<Figure[]> {
  const crowds = run.plan.fanOut;
  run.progress.begin(
    "fan-out",
    crowds.reduce((sum, { rounds }) => sum + rounds + 1, 0),
  );
  const figures: Figure[] = [];
  for (const crowd of crowds) figures.push(await fanOutCost(run, crowd, redis));
  run.progress.end();
  return figures;
}

async function fanOutCost({ random, progress }: Run, crowd: Crowd, redis: EngineAddress): Promise<Figure> {
  const { subscribers, rounds } = crowd;
  const memory = await Side.start({ engine: "memory" }, subscribers);
  const over = await Side.start(redis, subscribers);
  try {
    for (let round = 0; round <= rounds; round += 1) {
      progress.step(`${subscribers} subscribers, round ${round} of ${rounds}`);
      for (const side of random.shuffled([memory, over])) {
        const cost = await side.slice(crowd);
        if (round > 0) side.costs.push(cost);
      }
    }
    const ratio = bootstrapMedian(pairedRatios(over.costs, memory.costs), random);
    const [low, high] = [ratio.low.toFixed(2), ratio.high.toFixed(2)];
    const list = (costs: readonly number[]): string => costs.map((cost) => cost.toFixed(2)).join(" ");
    return {
      what: `CPU of a delivery to ${subscribers.toLocaleString("en-US")} subscribers, Redis to memory`,
      value: ratio.median,
      text: `${ratio.median.toFixed(2)} [${low}–${high}]: ${median(over.costs).toFixed(2)} µs to ${median(memory.costs).toFixed(2)} µs`,
      bar: { most: 1.1 },
      stretch: { most: 1.02 },
      unit: " ×",
      raw: [`memory, µs: ${list(memory.costs)}`, `Redis, µs: ${list(over.costs)}`],
    };
  } finally {
    await Promise.all([memory.stop(), over.stop()]);
  }
}
