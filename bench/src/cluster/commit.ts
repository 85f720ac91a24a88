/** The time from a transaction's COMMIT to the delivery of what it has published. */
import { quantile } from "../measure/stats.ts";
import { startChild } from "../process/child.ts";
import type * as commitHalf from "./commit-half.ts";
import type { Figure } from "./figure.ts";
import type * as hubHalf from "./hub-half.ts";
import type { Run } from "./run.ts";

/** Transactions before those that are measured. */
const WARM = 20;

export async function commitToDelivery({ plan, progress }: Run, url: string): Promise<Figure> {
  const { count, every } = plan.commit;
  const children = [startChild("hub"), startChild("application")] as const;
  try {
    const hub = await children[0].become<typeof hubHalf>(new URL("./hub-half.ts", import.meta.url));
    const application = await children[1].become<typeof commitHalf>(
      new URL("./commit-half.ts", import.meta.url),
    );
    await application.ask(
      "open",
      url,
      await hub.ask("serve", { engine: { engine: "postgres", url }, port: 0 }),
    );
    progress.begin("commit", 2);
    progress.step("warming up");
    await application.ask("transact", WARM, every);
    progress.step(`${count} transactions`);
    const all = Array.from(await application.ask("transact", count, every));
    const came = all.filter((latency) => Number.isFinite(latency));
    const at = (fraction: number): string => `${quantile(came, fraction).toFixed(1)} ms`;
    const missing = all.length - came.length;
    const lost = missing === 0 ? "" : `; ${missing} never came`;
    return {
      what: "commit → delivery to a client of another process, p99",
      value: missing === 0 ? quantile(came, 0.99) : Number.POSITIVE_INFINITY,
      text: `${at(0.99)}; p50 ${at(0.5)}${lost}`,
      bar: { most: 20 },
      stretch: { most: 5 },
      unit: " ms",
      raw: [
        `${all.length} transactions: p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, most ${at(1)}${lost}`,
      ],
    };
  } finally {
    progress.end();
    await Promise.all(children.map((child) => child.stop()));
  }
}
