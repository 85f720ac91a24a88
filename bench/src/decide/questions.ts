/** Asks for the requirements in the terminal, one after another, each with its default. */
import { InvalidInput } from "./input.ts";
import { FIELDS, type Field, type Requirements, readRequirements } from "./requirements.ts";

/**
 * Where questions go and answers come from; rejects or resolves to undefined when there will be no
 * answer.
 */
export interface Terminal {
  ask(question: string): Promise<string | undefined>;
  /** Says something that is no question. */
  say(text: string): void;
}

/** How often one question is asked before it is given up. */
const TRIES = 5;

/**
 * The requirements as answered. An empty answer takes the default; a wrong one is told what is
 * allowed and asked again. When no more answers come, rejects with {@link InvalidInput} for the
 * question that was open.
 */
export async function askRequirements(terminal: Terminal): Promise<Requirements> {
  const answers: Record<string, unknown> = {};
  for (const field of FIELDS) answers[field.key] = await askField(terminal, field, answers);
  return readRequirements(answers, "answers");
}

async function askField(
  terminal: Terminal,
  field: Field,
  before: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const { key, question, rule, fallback } = field;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const text = await terminal.ask(`${question} [${shown(fallback)}]: `);
    if (text === undefined) break;
    const value = text.trim() === "" ? fallback : parseAnswer(text.trim(), fallback);
    if (!rule.test(value)) terminal.say(`It must be ${rule.allowed}.`);
    else if (key === "recipients" && (value as number) > (before.users as number)) {
      if (text.trim() === "") return before.users;
      terminal.say("It must be at most the number of users.");
    } else return value;
  }
  throw new InvalidInput(`answers.${key}`, rule.allowed);
}

/**
 * The text as the kind of value that the default is of: "yes" for a flag, commas for a list, "none"
 * for null.
 */
function parseAnswer(text: string, fallback: unknown): unknown {
  if (typeof fallback === "boolean") {
    if (/^(y|yes|true)$/i.test(text)) return true;
    return /^(n|no|false)$/i.test(text) ? false : text;
  }
  if (Array.isArray(fallback)) return text.split(/[,\s]+/).filter((part) => part !== "");
  if (fallback === null && /^(none|null|no)$/i.test(text)) return null;
  if (typeof fallback === "number" || fallback === null) {
    const plain = text.replaceAll(",", "").replaceAll("_", "");
    return plain === "" ? text : Number(plain);
  }
  return text;
}

function shown(value: unknown): string {
  if (value === null) return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return Array.isArray(value)
    ? value.join(", ")
    : typeof value === "object"
      ? JSON.stringify(value)
      : String(value as string | number);
}
