/** HTML by template: whatever is put into it is escaped, unless it is markup itself. */

/** Markup that may stand in a page as it is. Only {@link html} and {@link trusted} make it. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Values that can be put into markup. Strings are escaped, lists are joined, `undefined` and
 * `false` leave nothing.
 */
export type Insert = string | number | Markup | undefined | false | readonly Insert[];

/** Tag of a template: `` html`<td>${name}</td>` ``. Attributes MUST be quoted. */
export function html(parts: TemplateStringsArray, ...inserts: readonly Insert[]): Markup {
  return new Markup(
    parts.map((part, index) => (index === 0 ? "" : inserted(inserts[index - 1])) + part).join(""),
  );
}

/** Text that is markup already. MUST NOT hold anything that a user has named. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

/** A value as JSON for a `<script type="application/json">`, which nothing in it can end. */
export function scriptJson(value: unknown): Markup {
  return new Markup(JSON.stringify(value).replaceAll("<", "\\u003c"));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function inserted(insert: Insert): string {
  if (insert === undefined || insert === false) return "";
  if (insert instanceof Markup) return insert.text;
  if (typeof insert === "object") return insert.map(inserted).join("");
  return String(insert).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
