/** The time in which a client catches up with 300 notifications, from a hub over Redis. */
import { quantile } from "../measure/stats.ts";
import { startChild } from "../process/child.ts";
import type { EngineAddress } from "./engine.ts";
import type { Figure } from "./figure.ts";
import type * as hubHalf from "./hub-half.ts";
import type * as replayHalf from "./replay-half.ts";
import type { Run } from "./run.ts";

/** Notifications that the client has missed: the most that a hub replays by default. */
const MISSED = 300;
const TOPIC = "news.missed";
/** Times that are not measured. */
const WARM = 10;

export async function catchUp({ plan, progress }: Run, redis: EngineAddress): Promise<Figure> {
  const { times } = plan.replay;
  const children = [startChild("hub"), startChild("clients")] as const;
  try {
    const hub = await children[0].become<typeof hubHalf>(new URL("./hub-half.ts", import.meta.url));
    const clients = await children[1].become<typeof replayHalf>(new URL("./replay-half.ts", import.meta.url));
    progress.begin("replay", times + 1);
    progress.step("publishing them");
    const port = await hub.ask("serve", { engine: redis, port: 0, size: 2 * MISSED });
    await clients.ask("stay", port, TOPIC);
    const position = await hub.ask("fill", TOPIC, MISSED);
    const took: number[] = [];
    for (let time = 0; time < WARM + times; time += 1) {
      if (time > WARM) progress.step(`${time - WARM} of ${times}`);
      const milliseconds = await clients.ask("catchUp", port, TOPIC, position, MISSED);
      if (time >= WARM) took.push(milliseconds);
    }
    const at = (fraction: number): string => `${quantile(took, fraction).toFixed(1)} ms`;
    return {
      what: "300 missed, caught up from a connection's first byte on, p99",
      value: quantile(took, 0.99),
      text: `${at(0.99)}; p50 ${at(0.5)}`,
      bar: { most: 50 },
      stretch: { most: 25 },
      unit: " ms",
      raw: [`${times} times: p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, most ${at(1)}`],
    };
  } finally {
    progress.end();
    await Promise.all(children.map((child) => child.stop()));
  }
}
