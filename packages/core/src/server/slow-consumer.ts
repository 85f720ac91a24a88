/**
 * The policy for slow consumers: subscribers that take less than they are due. This file has its
 * type, default and rule.
 */
import type { TopicMatch } from "../contract.ts";
import { type OptionRule, oneOf, optionOf } from "../options.ts";
import type { Entry } from "./backplane.ts";

/**
 * The fate of a topic's notifications when a subscriber falls behind by more than its link may
 * hold.
 */
export type SlowConsumerPolicy = "disconnect" | "drop" | "conflate";

/** By topic pattern. */
export type SlowConsumerPolicies = Readonly<Record<string, SlowConsumerPolicy | undefined>>;

/** The rule for the option of one pattern. */
export const slowConsumerPolicy: OptionRule = oneOf("disconnect", "drop", "conflate");

/** How entries of one topic become messages. */
export interface TopicRules {
  readonly policy: SlowConsumerPolicy;
  /** The conflation key of an entry, when its event is conflated. */
  key(entry: Entry): string | undefined;
}

/**
 * The rules of a topic. Default: `conflate` where the contract declares a conflated event, else
 * `disconnect`.
 */
export function rulesFor(
  match: TopicMatch,
  policies: SlowConsumerPolicies,
  report: (error: unknown) => void,
): TopicRules {
  const declared = Array.from(match.events.values()).some(({ kind }) => kind === "conflated");
  const set = optionOf(policies, match.pattern) as SlowConsumerPolicy | undefined;
  const policy = set ?? (declared ? "conflate" : "disconnect");
  return {
    policy,
    key(entry) {
      if (policy !== "conflate") return undefined;
      // Where the contract declares no conflated event, the policy makes all of the topic's events
      // conflated.
      if (!declared) return entry.event;
      const definition = match.event(entry.event);
      if (definition?.kind !== "conflated") return undefined;
      if (!definition.key) return entry.event;
      try {
        // No event's name has a line break.
        return `${entry.event}\n${definition.key(JSON.parse(entry.json) as never)}`;
      } catch (error) {
        // The application's own function; without a key nothing supersedes the notification.
        report(error);
        return undefined;
      }
    },
  };
}
