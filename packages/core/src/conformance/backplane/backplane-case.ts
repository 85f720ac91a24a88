/** The shape of a case of the backplane kit, and the conditions under which one is skipped. */
import type { BackplaneContext } from "./backplane-context.ts";
import type { BackplaneSetup, BackplaneStore } from "./store.ts";

/** Something that not every store can do. */
export type Requirement = "separate instances" | "size" | "ttl" | "advance" | "lose";

/** A promise, and the actions that hold a backplane to it. */
export interface BackplaneCase {
  /** A sentence without a subject: it follows the backplane's name. */
  readonly name: string;
  /** Default: two instances with the backplane's own caps. */
  readonly setup?: Partial<BackplaneSetup>;
  /** The case is skipped, and listed as such, on stores that cannot do one of these. */
  readonly requires?: readonly Requirement[];
  run(context: BackplaneContext): Promise<void>;
}

const LACKS: Readonly<Record<Requirement, (store: BackplaneStore) => string | undefined>> = {
  "separate instances": ({ instances }) =>
    new Set(instances).size < 2 ? "make gives no two instances that close separately" : undefined,
  size: ({ history }) => (history?.size === undefined ? "make declares no history.size" : undefined),
  ttl: ({ history }) => (history?.ttl === undefined ? "make declares no history.ttl" : undefined),
  advance: (store) => (store.advance ? undefined : "the store follows a real clock"),
  lose: (store) => (store.lose ? undefined : "make gives no way to lose the log"),
};

/** The reason why a case does not run on a store, or undefined. */
export function reasonToSkip({ requires = [] }: BackplaneCase, store: BackplaneStore): string | undefined {
  for (const requirement of requires) {
    const reason = LACKS[requirement](store);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
