/**
 * Says toasts to screen readers. Apart from what is seen, so that buttons are not read out and
 * changes on the screen say nothing.
 */
import { make } from "./make.ts";
import type { Notice } from "./toast.ts";

/** Milliseconds after which what was said is taken away, so that nobody comes across it later. */
const SAID = 10_000;

export class Announcer {
  // They are on the page before anything is said: a live region that comes with its text is not
  // read out.
  readonly #polite = make("div", { class: "said", role: "status", "aria-live": "polite" });
  readonly #assertive = make("div", { class: "said", role: "alert", "aria-live": "assertive" });
  readonly elements: readonly HTMLElement[] = [this.#polite, this.#assertive];

  say({ tone, title, body }: Notice): void {
    const urgent = tone === "warning" || tone === "error";
    const text = make("p", {}, body ? `${title}. ${body}` : title);
    (urgent ? this.#assertive : this.#polite).append(text);
    setTimeout(() => text.remove(), SAID);
  }
}
