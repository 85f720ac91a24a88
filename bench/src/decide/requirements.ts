/** Requirements of an application on its notifications, as its team answers them. */
import {
  checkObject,
  flag,
  InvalidInput,
  isObject,
  numberFrom,
  oneOf,
  orNull,
  type Rule,
  someOf,
  text,
} from "./input.ts";
import { CRITERIA, type CriterionId } from "./matrix.ts";

/** How much something matters. */
export type Need = "needed" | "useful" | "no";

/** Everything that is asked. */
export interface Requirements {
  /** The subject of the decision. */
  readonly name: string;
  /** Connected at the same time at the busiest hour. */
  readonly users: number;
  /** Notifications published per second, on average over the active hours. */
  readonly messagesPerSecond: number;
  /** To how many of the connected users one notification goes, on average. */
  readonly recipients: number;
  /** Bytes of data in one notification. */
  readonly bytes: number;
  /** Hours per day in which notifications are published. */
  readonly activeHours: number;
  /** Where the clients run. */
  readonly platforms: readonly Platform[];
  /**
   * How many of the users are behind proxies that block WebSockets: none, some, or all (`strict`);
   * `unknown` if nobody has looked.
   */
  readonly proxies: "none" | "some" | "strict" | "unknown";
  /** Whether the server that browsers talk to speaks HTTP/2. */
  readonly http2: boolean;
  /** The most tabs of the application that one user has open. */
  readonly tabs: number;
  /** Whether those tabs share one connection; `shared` of `@bellwire/core/shared` does that. */
  readonly sharedTabs: boolean;
  readonly presence: Need;
  /** The largest list of those present. */
  readonly presenceMembers: number;
  /** Whether what was missed while away must be replayed. */
  readonly history: Need;
  /** The language of the back end that publishes. */
  readonly backEnd: "node" | "php" | "python" | "ruby" | "java" | "dotnet" | "go" | "other";
  /**
   * The people who keep it running: nobody, the developers beside their work, or an operations
   * team.
   */
  readonly operator: "nobody" | "developers" | "operations";
  /**
   * Whether a process of the team's own can stay running; not on most shared hosting and functions.
   */
  readonly processes: boolean;
  /**
   * Whether users fall into groups that share no topic (one person, a class, a tenant), so that
   * several processes can divide them.
   */
  readonly splittable: boolean;
  readonly residency: "anywhere" | "eu" | "on-premises";
  /** US dollars per month at most; null: no limit. */
  readonly budget: number | null;
  /** US dollars that an hour of whoever operates it costs; null: not to be counted. */
  readonly operatorHour: number | null;
  /** Weights by criterion, in place of those that follow from the answers. */
  readonly weights: Readonly<Partial<Record<CriterionId, number>>>;
}

const PLATFORMS = ["browser", "node", "react-native", "ios", "android", "flutter", "dotnet"] as const;
/** Where a client may run. */
export type Platform = (typeof PLATFORMS)[number];

const NEEDS = oneOf("needed", "useful", "no");

/** One question. */
export interface Field {
  readonly key: Exclude<keyof Requirements, "weights">;
  readonly question: string;
  readonly rule: Rule;
  readonly fallback: unknown;
}

/**
 * The questions, in the order in which they are asked, with what holds when nothing is answered.
 */
export const FIELDS: readonly Field[] = [
  { key: "name", question: "What is the decision about", rule: text, fallback: "our application" },
  {
    key: "users",
    question: "Users connected at the busiest hour",
    rule: numberFrom(1, "whole"),
    fallback: 1_000,
  },
  {
    key: "messagesPerSecond",
    question: "Notifications published per second, on average",
    rule: numberFrom(0),
    fallback: 1,
  },
  {
    key: "recipients",
    question: "Connected users that one notification goes to",
    rule: numberFrom(0),
    fallback: 10,
  },
  { key: "bytes", question: "Bytes of data in a notification", rule: numberFrom(1, "whole"), fallback: 128 },
  {
    key: "activeHours",
    question: "Hours per day in which notifications are published",
    rule: {
      allowed: "a number from 0 to 24",
      test: (value) => numberFrom(0).test(value) && (value as number) <= 24,
    },
    fallback: 24,
  },
  { key: "platforms", question: "Where clients run", rule: someOf(...PLATFORMS), fallback: ["browser"] },
  {
    key: "proxies",
    question: "Users behind proxies that block WebSockets",
    rule: oneOf("none", "some", "strict", "unknown"),
    fallback: "unknown",
  },
  { key: "http2", question: "Browsers reach the server by HTTP/2", rule: flag, fallback: true },
  {
    key: "tabs",
    question: "Most tabs of the application that one user has open",
    rule: numberFrom(1, "whole"),
    fallback: 3,
  },
  { key: "sharedTabs", question: "Those tabs share one connection", rule: flag, fallback: false },
  { key: "presence", question: "Lists of who is present", rule: NEEDS, fallback: "useful" },
  {
    key: "presenceMembers",
    question: "Members of the largest such list",
    rule: numberFrom(0, "whole"),
    fallback: 50,
  },
  { key: "history", question: "Replay of what was missed while away", rule: NEEDS, fallback: "useful" },
  {
    key: "backEnd",
    question: "Language of the back end that publishes",
    rule: oneOf("node", "php", "python", "ruby", "java", "dotnet", "go", "other"),
    fallback: "node",
  },
  {
    key: "operator",
    question: "Who keeps it running",
    rule: oneOf("nobody", "developers", "operations"),
    fallback: "developers",
  },
  { key: "processes", question: "A process of your own can stay running", rule: flag, fallback: true },
  {
    key: "splittable",
    question: "Users fall into groups that share no topic",
    rule: flag,
    fallback: false,
  },
  {
    key: "residency",
    question: "Where data may be",
    rule: oneOf("anywhere", "eu", "on-premises"),
    fallback: "anywhere",
  },
  { key: "budget", question: "US dollars per month at most", rule: orNull(numberFrom(0)), fallback: null },
  {
    key: "operatorHour",
    question: "US dollars that an hour of operating costs",
    rule: orNull(numberFrom(0)),
    fallback: null,
  },
];

/**
 * Answers as requirements; what is not answered is at its default. Throws {@link InvalidInput} with
 * the path of the first answer that is not allowed, below `path`.
 */
export function readRequirements(value: unknown, path = "requirements"): Requirements {
  const rules: Record<string, Rule> = Object.fromEntries(FIELDS.map(({ key, rule }) => [key, rule]));
  rules.weights = { allowed: "an object", test: isObject };
  checkObject(path, value, rules, Object.keys(rules));
  const weights = value.weights ?? {};
  const weight = numberFrom(0);
  checkObject(`${path}.weights`, weights, Object.fromEntries(CRITERIA.map((id) => [id, weight])), CRITERIA);
  const defaults = Object.fromEntries(FIELDS.map(({ key, fallback }) => [key, fallback]));
  const given = { ...defaults, ...value, weights } as unknown as Requirements;
  const read =
    "recipients" in value ? given : { ...given, recipients: Math.min(given.recipients, given.users) };
  if (read.recipients > read.users) throw new InvalidInput(`${path}.recipients`, "at most users");
  return read;
}
