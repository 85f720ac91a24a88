/**
 * Makes elements. Texts become text nodes and attributes are set one by one; no markup is ever
 * parsed.
 */
import type { Notice, ToasterLabels } from "./toast.ts";

/** Attributes by name. Without a `class` before it, `part` is the class, too. */
export type Attributes = Readonly<Record<string, string>>;

/** An element with attributes and what is in it. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
    if (name === "part") element.className ||= value;
  }
  element.append(...children);
  return element;
}

/** A button that does something. */
export function button(
  attributes: Attributes,
  run: () => unknown,
  ...children: readonly (Node | string)[]
): HTMLButtonElement {
  const made = make("button", attributes, ...children);
  made.addEventListener("click", () => void run());
  return made;
}

/** The texts of a notice. */
export function textsOf({ title, body }: Notice): HTMLElement[] {
  const texts = [make("strong", { part: "title" }, title)];
  return body ? [...texts, make("span", { part: "body" }, body)] : texts;
}

/**
 * The buttons of a notice: the one that closes it, and its actions, before which `done` is called.
 */
export function buttonsOf(
  { title, actions }: Notice,
  labels: ToasterLabels,
  done: () => void,
  close: () => void,
): HTMLElement[] {
  return [
    button({ part: "close", "aria-label": labels.dismiss(title) }, close, "✕"),
    ...actions.map(({ label, run }) =>
      button(
        { class: "plain", part: "action" },
        () => {
          done();
          return run();
        },
        label,
      ),
    ),
  ];
}

/**
 * Puts an element in the place of another. A focus on one of its buttons goes to the same button of
 * the other.
 */
export function swap(before: HTMLElement, after: HTMLElement): void {
  const index = Array.from(before.querySelectorAll("button")).findIndex((one) => one.matches(":focus"));
  before.replaceWith(after);
  const buttons = after.querySelectorAll("button");
  if (index >= 0) (buttons[index] ?? buttons[0])?.focus();
}
