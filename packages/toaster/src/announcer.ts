/**
 * Announces toasts to screen readers. Its live regions are separate from the visible toasts, so
 * that buttons are not read out and visual changes are not announced.
 */
import { make } from "./make.ts";
import type { Notice } from "./toast.ts";

/**
 * Milliseconds after which an announcement is removed, so that a screen reader does not find it
 * later.
 */
const SAID = 10_000;

export class Announcer {
  // The regions are on the page before the first announcement: a live region that is added together
  // with its text is not read out.
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
