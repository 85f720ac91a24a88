/**
 * Makes elements. Texts become text nodes and attributes are set one by one; no markup is ever
 * parsed.
 */
import type { Notice, ToasterLabels } from "./toast.ts";

/** Attributes by name. `part` is also the class, unless a `class` precedes it. */
export type Attributes = Readonly<Record<string, string>>;

/** Makes an element with attributes and children. */
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

/** Makes a button with a click handler. */
export function button(
  attributes: Attributes,
  run: () => unknown,
  ...children: readonly (Node | string)[]
): HTMLButtonElement {
  const made = make("button", attributes, ...children);
  made.addEventListener("click", () => void run());
  return made;
}

/** Makes the elements for a notice's texts. */
export function textsOf({ title, body }: Notice): HTMLElement[] {
  const texts = [make("strong", { part: "title" }, title)];
  return body ? [...texts, make("span", { part: "body" }, body)] : texts;
}

/** Makes a notice's buttons: its actions, before which `done` is called, and the close button. */
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
 * Replaces an element. A focus on one of its buttons moves to the same button of the replacement.
 */
export function swap(before: HTMLElement, after: HTMLElement): void {
  const index = Array.from(before.querySelectorAll("button")).findIndex((one) => one.matches(":focus"));
  before.replaceWith(after);
  const buttons = after.querySelectorAll("button");
  if (index >= 0) (buttons[index] ?? buttons[0])?.focus();
}
