/** Hard constraints: what excludes an option before anything is weighed. */
import type { Cost } from "./cost.ts";
import { type Evidence, measurementOf } from "./evidence.ts";
import type { Limit, LimitRule, Matrix, OptionId } from "./matrix.ts";
import type { Requirements } from "./requirements.ts";
import { answer, matrixRef, type Statement, sourceRefs, statement } from "./statement.ts";

/** The reason that excludes one option. */
export interface Exclusion {
  readonly option: OptionId;
  readonly reason: Statement;
  /** The answers that would have to be other ones. */
  readonly answers: readonly string[];
}

/** Every reason for which an option is out. An option may be in it several times. */
export function exclusions(
  needs: Requirements,
  matrix: Matrix,
  costs: Readonly<Record<OptionId, Cost>>,
  evidence: Evidence,
): Exclusion[] {
  return [
    ...matrix.limits.flatMap((limit) => {
      const answers = applies(limit.rule, needs, costs[limit.option]);
      if (!answers || connectsAnyway(limit, matrix, evidence)) return [];
      const { name } = matrix.options[limit.option];
      const blocked = limit.rule.websocketBlocked ? blockedRefs(limit, matrix, evidence) : [];
      const refs = [...sourceRefs(limit.sources), ...blocked, matrixRef(limit.path), ...answers.map(answer)];
      return [{ option: limit.option, answers, reason: statement(`${name}: ${limit.says}`, refs) }];
    }),
    ...overBudget(needs, matrix, costs),
  ];
}

/** The answers that make the limit matter, or undefined where it does not. */
function applies(rule: LimitRule, needs: Requirements, cost: Cost): readonly string[] | undefined {
  const when = (holds: boolean, ...answers: string[]): readonly string[] | undefined =>
    holds ? answers : undefined;
  if (rule.websocketBlocked) return when(needs.proxies === "strict", "proxies");
  if (rule.onPremises) return when(needs.residency === "on-premises", "residency");
  if (rule.noProcess) return when(!needs.processes, "processes");
  if (rule.historyWithoutProcess)
    return when(!needs.processes && needs.history === "needed", "processes", "history");
  if (rule.severalProcesses)
    return when(
      cost.processes > 1 && !needs.splittable,
      "splittable",
      "users",
      "messagesPerSecond",
      "recipients",
    );
  if (rule.presenceMembersOver !== undefined)
    return when(
      needs.presence === "needed" && needs.presenceMembers > rule.presenceMembersOver,
      "presence",
      "presenceMembers",
    );
  if (rule.bytesOver !== undefined) return when(needs.bytes > rule.bytesOver, "bytes");
  if (rule.tabsOverWithoutHttp2 !== undefined)
    return when(
      !needs.http2 && !needs.sharedTabs && needs.tabs > rule.tabsOverWithoutHttp2,
      "tabs",
      "http2",
      "sharedTabs",
    );
  return undefined;
}

/**
 * Whether the run has shown that it connects where WebSockets are blocked, whatever the matrix
 * says.
 */
function connectsAnyway(limit: Limit, matrix: Matrix, evidence: Evidence): boolean {
  if (!limit.rule.websocketBlocked) return false;
  return (
    (measurementOf(
      { ...evidence, proxies: "none" },
      matrix.options[limit.option],
      "blocked-websocket/connects",
    )?.value ?? 0) > 0
  );
}

function blockedRefs(limit: Limit, matrix: Matrix, evidence: Evidence): Statement["refs"][number][] {
  const measured = measurementOf(
    { ...evidence, proxies: "none" },
    matrix.options[limit.option],
    "blocked-websocket/connects",
  );
  return measured?.refs.slice(0, 1) ?? [];
}

function overBudget(
  needs: Requirements,
  matrix: Matrix,
  costs: Readonly<Record<OptionId, Cost>>,
): Exclusion[] {
  const { budget } = needs;
  if (budget === null) return [];
  return Object.values(matrix.options).flatMap(({ id, name }) => {
    const { money, refs } = costs[id];
    if (money === undefined || money <= budget) return [];
    const text = `${name}: $${money.toFixed(2)} a month is above the budget of $${budget}`;
    return [{ option: id, answers: ["budget"], reason: statement(text, [answer("budget"), ...refs]) }];
  });
}
