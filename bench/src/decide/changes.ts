/** Answers that would change the choice: the same decision with one answer different. */
import type { Requirements } from "./requirements.ts";

/** One answer that could be another. */
export interface Change {
  /** The answer, as a key of the requirements. */
  readonly key: keyof Requirements;
  /** The other answer, for people: `20,000 instead of 2,000`. */
  readonly text: string;
  readonly needs: Requirements;
}

const PROXIES = ["none", "some", "strict"] as const;
const OPERATORS = ["nobody", "developers", "operations"] as const;
const RESIDENCIES = ["anywhere", "eu", "on-premises"] as const;
const NEEDS = ["needed", "useful", "no"] as const;

/** Every change that is tried. */
export function changesOf(needs: Requirements): Change[] {
  const to = <Key extends keyof Requirements>(key: Key, values: readonly Requirements[Key][]): Change[] =>
    values
      .filter((value) => value !== needs[key])
      .map((value) => ({
        key,
        text: `${key} were ${word(value)} instead of ${word(needs[key])}`,
        needs: { ...needs, [key]: value },
      }));
  const users = (factor: number): Change => {
    const count = Math.max(1, Math.round(needs.users * factor));
    const times = count / needs.users;
    const messagesPerSecond = needs.messagesPerSecond * times;
    const recipients = Math.min(needs.recipients, count);
    return {
      key: "users",
      text: `there were ${count.toLocaleString("en-US")} users instead of ${needs.users.toLocaleString("en-US")}, each as active as now`,
      needs: { ...needs, users: count, messagesPerSecond, recipients },
    };
  };
  return [
    users(0.01),
    users(0.1),
    users(2),
    users(10),
    users(100),
    ...to("proxies", PROXIES),
    ...to("operator", OPERATORS),
    ...to("processes", [true, false]),
    ...to("splittable", [true, false]),
    ...to("residency", RESIDENCIES),
    ...to("history", NEEDS),
    ...to("presence", NEEDS),
    ...to("backEnd", ["node", "other"]),
  ];
}

function word(value: Requirements[keyof Requirements]): string {
  return typeof value === "object"
    ? JSON.stringify(value)
    : typeof value === "string"
      ? `"${value}"`
      : String(value);
}
