/** The options of a backplane, their defaults and rules. */
import {
  atLeast,
  callable,
  checkOptions,
  flag,
  type OptionRules,
  object,
  oneOf,
  withDefaults,
} from "@bellwire/core/adapter";
import { type NameOptions, nameRules } from "./names.ts";

// ── Options ──

/** How much of each topic's history is kept. The first cap that is reached evicts. */
export interface PostgresHistory {
  /** Notifications per topic. Default: 256. */
  readonly size: number;
  /** Milliseconds for which a notification is kept. Default: 300,000. */
  readonly ttl: number;
  /** Bytes per topic: the JSON as UTF-8, and 64 for each notification. Default: 1,048,576. */
  readonly bytes: number;
}

/** Options of `postgresBackplane`. */
export interface PostgresBackplaneOptions extends NameOptions {
  /** Caps of each topic. Reads keep to them; rows are removed every few seconds. */
  readonly history?: Partial<PostgresHistory>;
  /** Milliseconds that a call may take before it rejects with `overloaded`. Default: 5,000. */
  readonly timeout?: number;
  /**
   * The answer of `ready` and of the first calls while the database cannot be used: `reject` with
   * the reason, or `wait` for it, and give the reason to `onError`. Default: `reject`.
   */
  readonly absent?: "reject" | "wait";
  /**
   * Whether the database never loses a committed transaction when it fails over, as with
   * synchronous replication. A failover then keeps every position; otherwise it begins new epochs.
   * Default: false.
   */
  readonly trusted?: boolean;
  /**
   * Receives failures that no call reports, such as a lost connection for LISTEN. Default:
   * `console.error`.
   */
  readonly onError?: (error: unknown) => void;
}

// ── Defaults ──

/** Every option except the names, set. */
export type Settings = Required<Omit<PostgresBackplaneOptions, "history" | keyof NameOptions>> & {
  readonly history: PostgresHistory;
};

const HISTORY: PostgresHistory = { size: 256, ttl: 300_000, bytes: 1_048_576 };

const DEFAULTS: Omit<Settings, "history"> = {
  timeout: 5_000,
  absent: "reject",
  trusted: false,
  onError: (error) => {
    // oxlint-disable-next-line no-console -- an error that nobody sees is never repaired
    console.error("bellwire:", error);
  },
};

// ── Rules ──

/** The rules of {@link PostgresBackplaneOptions}. */
export const rules: OptionRules = {
  ...nameRules,
  history: object,
  timeout: atLeast(1),
  absent: oneOf("reject", "wait"),
  trusted: flag,
  onError: callable,
};

const HISTORY_RULES: OptionRules = { size: atLeast(0), ttl: atLeast(0), bytes: atLeast(0) };

// ── Settings ──

/** The options with defaults, of the function `path`. Throws `invalid_option`. */
export function settingsOf(path: string, options: PostgresBackplaneOptions): Settings {
  checkOptions(`${path}.history`, options.history ?? {}, HISTORY_RULES);
  return { ...withDefaults(DEFAULTS, options), history: withDefaults(HISTORY, options.history) };
}
