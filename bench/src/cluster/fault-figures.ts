/** The figures of the faults, and the table of both libraries. */
import { median, quantile } from "../measure/stats.ts";
import { type Effect, effectFor, FAULTS, LIBRARIES, recoveryP99 } from "./faults.ts";
import { type Figure, markdownTable } from "./figure.ts";

const HEAD: readonly string[] = (
  "Fault, library, due, lost silently, lost and told, doubled, out of order, told of a loss, " +
  "recovery p50, p99, never whole, busiest second"
).split(", ");

/** Those that stand in the table of figures. */
export function faultFigures(effects: readonly Effect[]): Figure[] {
  const killed = effectFor(effects, "server killed", "Bellwire");
  const rolled = effectFor(effects, "rolling restart", "Bellwire");
  const { due, silent, told, gaps } = rolled.tally;
  const wasRolled = rolled.turns > 0;
  const other = (fault: Effect["fault"]): Effect => effectFor(effects, fault, "Socket.IO");
  const none = { bar: { most: 0 }, unit: "" };
  return [
    {
      what: "hub killed: each client whole again on the other hub, p99",
      value: killed.turns > 0 ? recoveryP99(killed) / 1_000 : Number.NaN,
      text: `${recoveryText(killed)}; Socket.IO ${recoveryText(other("server killed"))}`,
      bar: { most: 5 },
      stretch: { most: 2 },
      unit: " s",
      raw: rawOf("hub killed", killed, other("server killed")),
    },
    {
      what: "rolling restart of 3 hubs under load: lost",
      value: wasRolled ? silent + told : Number.NaN,
      text: `${silent + told} of ${due.toLocaleString("en-US")}`,
      ...none,
      raw: rawOf("rolling restart", rolled, other("rolling restart")),
    },
    {
      what: "rolling restart of 3 hubs under load: gaps",
      value: wasRolled ? gaps : Number.NaN,
      text: String(gaps),
      ...none,
      raw: [],
    },
    {
      what: "rolling restart: busiest second of reconnects, of the mean",
      value: wasRolled ? Math.max(...rolled.busiest) : Number.NaN,
      text: `${busiestText(rolled)}; Socket.IO ${busiestText(other("rolling restart"))}`,
      bar: { most: 3 },
      unit: " ×",
      raw: [],
    },
  ];
}

/** Both libraries under every fault. */
export function faultTable(effects: readonly Effect[]): string {
  const rows = FAULTS.flatMap((fault) =>
    LIBRARIES.map((library) => {
      const effect = effectFor(effects, fault, library);
      const { due, silent, told, doubled, disordered, gaps } = effect.tally;
      const counts = [due, silent, told, doubled, disordered, gaps].map((count) =>
        count.toLocaleString("en-US"),
      );
      return [
        `${fault}, ${effect.turns} ×`,
        library,
        ...counts,
        seconds(median(effect.recovery)),
        seconds(quantile(effect.recovery, 0.99)),
        String(effect.never),
        busiestText(effect),
      ];
    }),
  );
  return markdownTable(HEAD, rows);
}

/** Promises of Bellwire that did not hold. */
export function brokenPromises(effects: readonly Effect[]): string[] {
  return effects
    .filter(({ library }) => library === "Bellwire")
    .flatMap(({ fault, tally, never }) => {
      const { silent, told, doubled, disordered, gaps } = tally;
      // An engine that lost its log takes what was only there with it, and its hubs say so.
      const mayTell = fault === "engine restarted";
      return [
        ...(silent > 0 ? [`${fault}: ${silent} lost without a word`] : []),
        ...(!mayTell && told + gaps > 0 ? [`${fault}: ${told} lost, ${gaps} gaps`] : []),
        ...(doubled + disordered > 0 ? [`${fault}: ${doubled} doubled, ${disordered} out of order`] : []),
        ...(never > 0 ? [`${fault}: ${never} clients never were whole again`] : []),
      ];
    });
}

function rawOf(what: string, ours: Effect, theirs: Effect): string[] {
  return [ours, theirs].map(({ library, recovery }) => {
    const sorted = recovery.toSorted((one, other) => one - other).map((time) => time.toFixed(0));
    return `${what}, ${library}, ms: ${sorted.join(" ")}`;
  });
}

function recoveryText(effect: Effect): string {
  const never = effect.never > 0 ? `, ${effect.never} never` : "";
  return `${seconds(quantile(effect.recovery, 0.99))} (p50 ${seconds(median(effect.recovery))}${never})`;
}

function busiestText({ busiest }: Effect): string {
  return busiest.length === 0 ? "–" : `${Math.max(...busiest).toFixed(1)} ×`;
}

function seconds(milliseconds: number): string {
  return Number.isFinite(milliseconds) ? `${(milliseconds / 1_000).toFixed(2)} s` : "–";
}
