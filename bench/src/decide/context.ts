/**
 * The first half of a decision in sentences: what was asked, what there is to choose from, and what
 * is out.
 */
import type { Decision } from "./decision.ts";
import { OPTIONS } from "./matrix.ts";
import type { Requirements } from "./requirements.ts";
import { answer, matrixRef, priceRef, type Ref, type Statement, sourceRefs, statement } from "./statement.ts";

/** A reference to the whole run. */
const RUN: Ref = { kind: "figure", scenario: "", contender: "", metric: "" };

const PROXIES: Readonly<Record<Requirements["proxies"], string>> = {
  none: "No user is behind a proxy that blocks WebSockets",
  some: "Some users are behind proxies that block WebSockets",
  strict: "All users are behind proxies that block WebSockets",
  unknown: "Nobody has checked whether users are behind proxies that block WebSockets",
};
const OPERATORS: Readonly<Record<Requirements["operator"], string>> = {
  nobody: "nobody operates it",
  developers: "the developers operate it beside their other work",
  operations: "an operations team operates it",
};
const RESIDENCIES: Readonly<Record<Requirements["residency"], string>> = {
  anywhere: "Data may be anywhere",
  eu: "Data must stay in the European Union",
  "on-premises": "Data must stay on the team's own premises",
};

/** The question, and the evidence for the decision. */
export function contextOf({ needs, matrix, prices, results }: Decision): Statement[] {
  const said = (sentence: string, ...keys: (keyof Requirements)[]): Statement =>
    statement(sentence, keys.map(answer));
  const money =
    needs.budget === null
      ? "there is no limit to the cost"
      : `at most $${count(needs.budget)} a month may be spent`;
  return [
    said(
      `${count(needs.users)} users are connected at the busiest hour, ${count(needs.messagesPerSecond)} notifications of ${count(needs.bytes)} bytes are published per second during ${needs.activeHours} hours a day, and one goes to ${count(needs.recipients)} of them`,
      "users",
      "messagesPerSecond",
      "bytes",
      "activeHours",
      "recipients",
    ),
    said(
      `Clients run in ${needs.platforms.join(", ")}, with up to ${needs.tabs} tabs that ${needs.sharedTabs ? "share one connection" : "each have a connection"} over ${needs.http2 ? "HTTP/2" : "HTTP/1.1"}, and the back end is written in ${needs.backEnd}`,
      "platforms",
      "tabs",
      "sharedTabs",
      "http2",
      "backEnd",
    ),
    said(PROXIES[needs.proxies], "proxies"),
    said(
      `Lists of who is present are ${need(needs.presence)}${needs.presence === "no" ? "" : ` (up to ${count(needs.presenceMembers)} members)`}, and replay of what was missed is ${need(needs.history)}`,
      "presence",
      "presenceMembers",
      "history",
    ),
    said(
      `A process of the team's own ${needs.processes ? "can" : "cannot"} stay running, ${OPERATORS[needs.operator]}, and users ${needs.splittable ? "fall" : "do not fall"} into groups that share no topic`,
      "processes",
      "operator",
      "splittable",
    ),
    said(`${RESIDENCIES[needs.residency]}, and ${money}`, "residency", "budget"),
    results
      ? statement(
          `Figures are from the run of ${results.startedAt.slice(0, 10)} on ${results.fingerprint.cpu} with ${results.fingerprint.cores} cores and Node ${results.fingerprint.node}, profile ${results.profile}, each compared with the control of the same run only`,
          [RUN],
        )
      : statement(
          "Nothing was measured for this decision, so CPU, memory, bytes, latency and recovery are unknown",
          [matrixRef("criteria")],
        ),
    statement(`Judgements are of ${matrix.date} and prices of ${priceDays(prices)}`, [
      matrixRef("date"),
      priceRef("servers"),
      priceRef("hosted/pusher"),
    ]),
  ];
}

/** The options to choose from. */
export function optionsOf({ matrix }: Decision): Statement[] {
  return OPTIONS.map((id) => {
    const { name, summary, sources } = matrix.options[id];
    return statement(`**${name}**: ${summary}`, [matrixRef(`options/${id}`), ...sourceRefs(sources)]);
  });
}

/** The excluded options, and the reasons. */
export function excludedOf({ exclusions }: Decision): Statement[] {
  if (exclusions.length > 0) return exclusions.map(({ reason }) => reason);
  return [statement("No limit of the matrix excludes an option under these answers", [matrixRef("limits")])];
}

function priceDays({ sources }: Decision["prices"]): string {
  const days = [...new Set(sources.map(({ date }) => date))].toSorted();
  return days.length === 1 ? String(days[0]) : `${days[0]} to ${days.at(-1)}`;
}

function need(value: Requirements["presence"]): string {
  return value === "no" ? "not needed" : value;
}

/** A number with separators, with a fraction only where it has one. */
export function count(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 2 });
}
