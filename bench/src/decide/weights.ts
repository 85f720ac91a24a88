/**
 * Weights: every criterion begins at 1, answers add to it or make it irrelevant, and the user's own
 * weights replace the sum.
 */
import { CRITERIA, type CriterionId } from "./matrix.ts";
import type { Requirements } from "./requirements.ts";
import { answer, type Ref } from "./statement.ts";

/** One weight and the answers that it comes from. */
export interface Weight {
  readonly value: number;
  /** The answers that raised it or set it; empty where it is the 1 that everything begins with. */
  readonly refs: readonly Ref[];
}

/** All weights. */
export type Weights = Readonly<Record<CriterionId, Weight>>;

interface Raise {
  readonly answer: keyof Requirements;
  readonly holds: (needs: Requirements) => boolean;
  readonly by: Readonly<Partial<Record<CriterionId, number>>>;
}

const RAISES: readonly Raise[] = [
  { answer: "operator", holds: ({ operator }) => operator === "nobody", by: { operations: 4, ease: 2 } },
  { answer: "operator", holds: ({ operator }) => operator === "developers", by: { operations: 2, ease: 1 } },
  {
    answer: "users",
    holds: ({ users }) => users >= 1_000 && users < 10_000,
    by: { scalability: 1, efficiency: 1 },
  },
  {
    answer: "users",
    holds: ({ users }) => users >= 10_000,
    by: { scalability: 3, efficiency: 3, recovery: 2, cost: 1 },
  },
  {
    answer: "messagesPerSecond",
    holds: ({ messagesPerSecond, recipients }) => messagesPerSecond * recipients >= 1_000,
    by: { efficiency: 2, latency: 1 },
  },
  { answer: "proxies", holds: ({ proxies }) => proxies === "some" || proxies === "strict", by: { reach: 4 } },
  { answer: "proxies", holds: ({ proxies }) => proxies === "unknown", by: { reach: 2 } },
  { answer: "presence", holds: ({ presence }) => presence === "needed", by: { access: 2 } },
  { answer: "history", holds: ({ history }) => history === "needed", by: { sync: 3, recovery: 2 } },
  { answer: "history", holds: ({ history }) => history === "useful", by: { sync: 1, recovery: 1 } },
  { answer: "backEnd", holds: ({ backEnd }) => backEnd !== "node", by: { integration: 3 } },
  {
    answer: "platforms",
    holds: ({ platforms }) => platforms.some((one) => one !== "browser" && one !== "node"),
    by: { platforms: 2 },
  },
  { answer: "budget", holds: ({ budget }) => budget !== null, by: { cost: 2 } },
];

/** Criteria that the answers make irrelevant. */
const IRRELEVANT: readonly (Omit<Raise, "by"> & { readonly criterion: CriterionId })[] = [
  { criterion: "reach", answer: "proxies", holds: ({ proxies }) => proxies === "none" },
  {
    criterion: "platforms",
    answer: "platforms",
    holds: ({ platforms }) => platforms.every((one) => one === "browser" || one === "node"),
  },
];

/** The weights that follow from the answers. */
export function weightsFor(needs: Requirements): Weights {
  const entries = CRITERIA.map((criterion): [CriterionId, Weight] => {
    const own = needs.weights[criterion];
    if (own !== undefined) return [criterion, { value: own, refs: [answer(`weights/${criterion}`)] }];
    const irrelevant = IRRELEVANT.find((one) => one.criterion === criterion && one.holds(needs));
    if (irrelevant) return [criterion, { value: 0, refs: [answer(irrelevant.answer)] }];
    const raises = RAISES.filter(({ by, holds }) => by[criterion] !== undefined && holds(needs));
    const value = raises.reduce((sum, { by }) => sum + (by[criterion] ?? 0), 1);
    return [criterion, { value, refs: raises.map((raise) => answer(raise.answer)) }];
  });
  return Object.fromEntries(entries) as Record<CriterionId, Weight>;
}
