/** Options of `redisBackplane`, their defaults and rules. */
import {
  atLeast,
  callable,
  checkOptions,
  flag,
  type OptionRule,
  type OptionRules,
  object,
  oneOf,
  withDefaults,
} from "@bellwire/core/adapter";

// ── Options ──

/** How much of each topic's history is kept. The first cap that is reached evicts. */
export interface RedisHistory {
  /** Notifications per topic. Default: 256. */
  readonly size: number;
  /** Milliseconds for which a notification is kept. Default: 300,000. */
  readonly ttl: number;
  /**
   * Bytes per topic: the JSON as UTF-8, and 64 for each notification. Applied with every sixteenth
   * append of a topic, and with a large one. Default: 1,048,576.
   */
  readonly bytes: number;
}

/** Options of `redisBackplane`. */
export interface RedisBackplaneOptions {
  /** The first part of all keys and channels. Default: `bellwire`. */
  readonly prefix?: string;
  /** Caps of each topic. */
  readonly history?: Partial<RedisHistory>;
  /** Milliseconds that a call may take before it rejects with `overloaded`. Default: 5,000. */
  readonly timeout?: number;
  /**
   * While Redis cannot be used, `ready` and the first calls `reject` with the reason, or `wait` for
   * Redis and give the reason to `onError`. Default: `reject`.
   */
  readonly absent?: "reject" | "wait";
  /**
   * Whether Redis never loses an acknowledged write when it restarts or fails over, as with
   * `appendfsync always` and one server. A restart then keeps every position; otherwise it begins
   * new epochs. Default: false.
   */
  readonly trusted?: boolean;
  /**
   * Replicas that must have an append before it is acknowledged (the command WAIT). An append that
   * fewer have within the timeout rejects with `overloaded`. Default: 0.
   */
  readonly replicas?: number;
  /**
   * Receives failures that no call reports, such as a lost connection, and a `maxmemory-policy`
   * that may evict our keys. Default: `console.error`.
   */
  readonly onError?: (error: unknown) => void;
}

// ── Defaults ──

/** Every option, set. */
export type Settings = Required<Omit<RedisBackplaneOptions, "history">> & { readonly history: RedisHistory };

const HISTORY: RedisHistory = { size: 256, ttl: 300_000, bytes: 1_048_576 };

const DEFAULTS: Omit<Settings, "history"> = {
  prefix: "bellwire",
  timeout: 5_000,
  absent: "reject",
  trusted: false,
  replicas: 0,
  onError: (error) => {
    // oxlint-disable-next-line no-console -- an error that nobody sees is never repaired
    console.error("bellwire:", error);
  },
};

// ── Rules ──

/** The longest time that a platform's timer takes. */
const LONGEST = 2 ** 31 - 1;

const timeout: OptionRule = {
  allowed: `a whole number of milliseconds from 1 to ${LONGEST}`,
  test: (value) => atLeast(1).test(value) && (value as number) <= LONGEST,
};

const prefix: OptionRule = {
  allowed: "1 to 64 of A-Z a-z 0-9 . _ : -",
  test: (value) => typeof value === "string" && /^[\w.:-]{1,64}$/.test(value),
};

/** The rules of all options. */
export const rules: OptionRules = {
  prefix,
  history: object,
  timeout,
  absent: oneOf("reject", "wait"),
  trusted: flag,
  replicas: atLeast(0),
  onError: callable,
};

const HISTORY_RULES: OptionRules = { size: atLeast(0), ttl: atLeast(0), bytes: atLeast(0) };

// ── Settings ──

/** The options with defaults. Throws `invalid_option`, with the path of the option. */
export function settingsOf(path: string, options: RedisBackplaneOptions): Settings {
  const own = Object.fromEntries(
    Object.keys(rules).map((key) => [key, options[key as keyof typeof options]]),
  );
  checkOptions(path, own, rules);
  checkOptions(`${path}.history`, options.history ?? {}, HISTORY_RULES);
  return { ...withDefaults(DEFAULTS, own), history: withDefaults(HISTORY, options.history) };
}
