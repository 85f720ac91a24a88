/** Whether a run was a success, and if not, why not. */
import type { FanOutResult } from "./fan-out/fan-out.ts";
import type { Verdict } from "./fan-out/report.ts";
import type { ReplayResult } from "./replay/replay.ts";

/** Everything that must fail the command, in words. */
export function faults(replayed: readonly ReplayResult[], fanned: readonly FanOutResult[]): string[] {
  return [
    ...replayed.flatMap(({ name, failures, report: { account } }) => [
      ...fault(name, account.lost, "lost"),
      ...fault(name, account.doubled, "doubled"),
      ...fault(name, account.disordered, "out of order"),
      ...fault(name, account.stray, "delivered to somebody who was not due them"),
      ...fault(name, failures, "not taken by the server"),
    ]),
    ...fanned.flatMap(({ name, lost, doubled, troubles, failures }) => [
      ...fault(name, lost, "lost in the fan-out"),
      ...fault(name, doubled, "doubled in the fan-out"),
      ...fault(name, failures, "not taken by the server in the fan-out"),
      ...(troubles.length > 0 ? [`${name}: ${troubles.join("; ")}`] : []),
    ]),
  ];
}

function fault(name: string, count: number, what: string): string[] {
  return count > 0 ? [`${name}: ${count} ${what}`] : [];
}

/** The bars that were missed. Noise of the machine leaves them undecided, and that is not missed. */
export function missedBars(judged: readonly Verdict[]): string[] {
  return judged.filter(({ outcome }) => outcome === "missed").map(({ text }) => text);
}
