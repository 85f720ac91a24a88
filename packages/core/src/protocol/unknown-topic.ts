/** Explains to people why a string names no topic of a contract. */
import { isName } from "./names.ts";

/** Characters of a name that a text shows. */
const SHOWN = 100;

/** A peer's name for use in a text: in quotes, in ASCII, and cut. */
export function printable(name: string): string {
  const quoted = JSON.stringify(name.slice(0, SHOWN)).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return name.length > SHOWN ? `${quoted} and ${name.length - SHOWN} more characters` : quoted;
}

/**
 * Names a topic that was not found, and the reason. Contains nothing else from a peer, and at most
 * 700 characters.
 */
export function explainTopic(topic: unknown): string {
  if (typeof topic !== "string") return "a topic must be text";
  const [wrong] = /[^A-Za-z0-9_\-=@,.;]/u.exec(topic) ?? [];
  const reason =
    wrong !== undefined
      ? `${printable(wrong)} at ${topic.indexOf(wrong) + 1} is not allowed, only A-Z a-z 0-9 _ - = @ , . ;`
      : topic === ""
        ? "it is empty"
        : topic.length > 164
          ? `${topic.length} characters, of which 164 are allowed`
          : isName(topic)
            ? "no pattern of the contract matches"
            : "it must not begin with pusher or __";
  return `${printable(topic)}: ${reason}`;
}
