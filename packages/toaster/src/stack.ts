/** The toasts on the screen and their remaining times. */
import { buttonsOf, make, swap, textsOf } from "./make.ts";
import type { Notice, ToasterLabels } from "./toast.ts";

/** Toasts on the screen at once. One more removes the oldest, which stays in the centre. */
const SHOWN = 4;

/** Milliseconds between two checks of the remaining times. */
const TICK = 250;

interface Shown {
  readonly id: string;
  element: HTMLElement;
  /** Milliseconds. */
  left: number;
}

/** The parts of a toaster that its stack uses. */
export interface StackHost {
  readonly labels: ToasterLabels;
  /** Called when the person has closed the toast or chosen an action. */
  read(id: string): void;
  /**
   * Takes the focus when the last focused toast has gone and the element that had the focus before
   * it has gone, too.
   */
  focus(): void;
}

export class Stack {
  readonly #list = make("ol", { part: "toasts", role: "list" });
  readonly element: HTMLElement = make("section", { class: "stack", hidden: "" }, this.#list);
  readonly #host: StackHost;
  readonly #shown = new Map<string, Shown>();
  #ticking: ReturnType<typeof setInterval> | undefined;
  #focusBefore: HTMLElement | undefined;

  constructor(host: StackHost) {
    this.#host = host;
    this.#list.addEventListener("focusin", ({ relatedTarget }) => {
      if (relatedTarget instanceof HTMLElement && !this.#list.contains(relatedTarget))
        this.#focusBefore = relatedTarget;
    });
  }

  /** Shows a toast for a number of milliseconds; 0 means until it is dismissed. */
  show(notice: Notice, timeout: number): void {
    const element = this.#draw(notice);
    this.#list.append(element);
    this.element.hidden = false;
    this.element.ariaLabel = this.#host.labels.notifications;
    this.#shown.set(notice.id, { id: notice.id, element, left: timeout || Number.POSITIVE_INFINITY });
    const [oldest] = this.#shown.values();
    if (this.#shown.size > SHOWN && oldest) this.#remove(oldest);
    this.start();
  }

  /** Changes the toast with the same id, if it is still on the screen. Its time is not reset. */
  change(notice: Notice): void {
    const shown = this.#shown.get(notice.id);
    if (!shown) return;
    const element = this.#draw(notice);
    swap(shown.element, element);
    shown.element = element;
  }

  /** Removes toasts; without ids, all of them. */
  remove(ids: readonly string[] = Array.from(this.#shown.keys())): void {
    for (const id of ids) {
      const shown = this.#shown.get(id);
      if (shown) this.#remove(shown);
    }
  }

  /**
   * Counts the time down while there are toasts, the page is visible, and neither pointer nor focus
   * is on a toast.
   */
  start(): void {
    if (this.#shown.size === 0) return;
    this.#ticking ??= setInterval(() => {
      if (document.hidden || this.#list.matches(":hover, :focus-within")) return;
      for (const shown of Array.from(this.#shown.values())) {
        shown.left -= TICK;
        if (shown.left <= 0) this.#remove(shown);
      }
    }, TICK);
  }

  /** Stops the timer. */
  stop(): void {
    clearInterval(this.#ticking);
    this.#ticking = undefined;
  }

  /**
   * Removes a toast. Its focus moves to the next toast, or back to the element that had it before.
   */
  #remove({ id, element }: Shown): void {
    this.#shown.delete(id);
    const hadFocus = element.matches(":focus-within");
    const next = element.nextElementSibling ?? element.previousElementSibling;
    element.remove();
    if (hadFocus) {
      const back = this.#focusBefore?.isConnected ? this.#focusBefore : this.#host;
      (next?.querySelector<HTMLElement>("[part=close]") ?? back).focus();
    }
    if (this.#shown.size > 0) return;
    this.element.hidden = true;
    this.stop();
  }

  #draw(notice: Notice): HTMLElement {
    const close = (): void => this.#host.read(notice.id);
    const buttons = buttonsOf(notice, this.#host.labels, close, close);
    const texts = make("div", { class: "main" }, ...textsOf(notice));
    const item = make("li", { part: `toast ${notice.tone}` }, texts, ...buttons);
    item.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
    });
    return item;
  }
}
