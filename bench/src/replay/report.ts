/** The replay's table. */
import { decimal, table, whole } from "../report/table.ts";
import type { ReplayResult } from "./replay.ts";
import { ILL_SHARE, isIll, LATE } from "./sender.ts";

/** The clients' process is as busy as this share of a core: then it, and not the wire, may be what the latencies show. */
const CLIENT_BOUND = 0.85;

/** One contender's row. */
export function replayRow(result: ReplayResult): string[] {
  const { account, latency } = result.report;
  const perDelivery = (value: number): number => value / account.delivered;
  const ill = isIll(result.health);
  const time = (milliseconds: number): string => (ill ? "invalid" : decimal(milliseconds, 1));
  const clientBound = result.clientCpu / 1_000 / result.milliseconds > CLIENT_BOUND;
  return [
    result.name,
    `${whole(account.delivered)}/${whole(account.expected)}`,
    whole(account.lost),
    whole(account.doubled),
    whole(account.disordered),
    time(latency.p50),
    time(latency.p99),
    time(latency.p999),
    whole((result.notifications * 1_000) / result.milliseconds),
    decimal(perDelivery(result.serverCpu), 1),
    decimal(perDelivery(result.clientCpu), 1) + (clientBound ? " bound" : ""),
    decimal(perDelivery(result.bytes), 0),
    whole(result.health.late),
  ];
}

const HEAD = [
  "replay",
  "delivered/expected",
  "lost",
  "doubled",
  "disorder",
  "p50 ms",
  "p99 ms",
  "p99.9 ms",
  "notif/s",
  "server µs",
  "client µs",
  "wire B",
  "late",
] as const;

/** The table with its title, and what has to be said about it. */
export function replayText(results: readonly ReplayResult[]): string {
  const notes = results.flatMap((result) => [
    ...(isIll(result.health)
      ? [
          `${result.name}: latency invalid, the sender was ill: ${whole(result.health.late)} of ` +
            `${whole(result.health.sent)} sends more than ${LATE} ms late (allowed: ${ILL_SHARE * 100} %).`,
        ]
      : []),
    ...(result.report.account.stray > 0
      ? [`${result.name}: ${whole(result.report.account.stray)} deliveries that nobody was due.`]
      : []),
    ...(result.failures > 0 ? [`${result.name}: ${whole(result.failures)} publishes failed.`] : []),
    ...result.report.troubles.map((what) => `${result.name}: ${what}`),
  ]);
  return [
    "A workout app's day, time-compressed, loopback. Latency from the intended send time; CPU and bytes per delivery.",
    "",
    table(HEAD, results.map(replayRow)),
    ...notes.map((note) => `! ${note}`),
  ].join("\n");
}
