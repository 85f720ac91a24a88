/**
 * The deepest nesting of arrays and objects in data. Clients' JSON libraries may recurse for each
 * level.
 */
export const DATA_DEPTH = 100;

const QUOTE = 34;
const BACKSLASH = 92;

/**
 * Whether a JSON text nests deeper than {@link DATA_DEPTH}. Takes time linear in its length, and no
 * stack.
 */
export function isTooDeep(json: string): boolean {
  // Every level takes two characters.
  if (json.length <= 2 * DATA_DEPTH) return false;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (quoted) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) quoted = false;
    } else if (code === QUOTE) quoted = true;
    // `[` and `{`, `]` and `}` differ from each other by this one bit.
    else if ((code | 32) === 123 && ++depth > DATA_DEPTH) return true;
    else if ((code | 32) === 125) depth -= 1;
  }
  return false;
}
