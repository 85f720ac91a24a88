/** The bell, and the notification centre that it opens. */
import { button, buttonsOf, make, swap, textsOf } from "./make.ts";
import type { Notice, ToasterLabels } from "./toast.ts";

/** The parts of a toaster that its centre uses. */
export interface CentreHost {
  readonly labels: ToasterLabels;
  readonly notices: readonly Notice[];
  readonly unread: number;
  /** Whether to offer desktop notifications. */
  readonly offersDesktop: boolean;
  read(id: string): void;
  readAll(): void;
  dismiss(id: string): void;
  askDesktop(): Promise<boolean>;
}

interface Row {
  readonly notice: Notice;
  readonly element: HTMLElement;
}

export class Centre {
  readonly #host: CentreHost;
  readonly #badge = make("span", { part: "badge", "aria-hidden": "true" });
  readonly bell: HTMLButtonElement = button(
    { part: "bell", "aria-haspopup": "dialog", "aria-controls": "panel" },
    () => this.toggle(!this.isOpen),
    make("span", { class: "icon" }),
    this.#badge,
  );
  readonly #heading = make("h2", { part: "heading" });
  readonly #readAll = button({ class: "plain", part: "read-all" }, () => {
    this.#host.readAll();
    // The button is hidden now, so the focus moves to the first row.
    this.#focus(0);
  });
  readonly #desktop = button({ class: "plain", part: "desktop" }, async () => {
    await this.#host.askDesktop();
    this.#focus(0);
  });
  readonly #list = make("ul", { part: "list", role: "list" });
  readonly #empty = make("p", { part: "empty" });
  readonly panel: HTMLElement = make(
    "div",
    { part: "panel", id: "panel", role: "dialog", tabindex: "-1", hidden: "" },
    make("header", {}, this.#heading, this.#readAll),
    this.#list,
    this.#empty,
    this.#desktop,
  );
  #rows: readonly Row[] = [];
  /** The row that Tab reaches; the arrow keys move from there. */
  #current: string | undefined;

  constructor(host: CentreHost) {
    this.#host = host;
    this.panel.addEventListener("keydown", (event) => this.#key(event));
    this.draw();
  }

  get isOpen(): boolean {
    return !this.panel.hidden;
  }

  /**
   * Opens the panel and moves the focus into it, or closes it. A focus inside returns to the bell.
   */
  toggle(open: boolean): void {
    if (open === this.isOpen) return;
    const inside = this.panel.matches(":focus-within");
    this.panel.hidden = !open;
    this.#current = undefined;
    this.draw();
    if (open) {
      this.#intoView();
      this.#focus(0);
    } else if (inside) this.bell.focus();
  }

  /**
   * Renders the current notices. Rows of unchanged notices keep their elements, and the focus
   * stays.
   */
  draw(): void {
    const { labels, notices, unread } = this.#host;
    const name = unread > 0 ? `${labels.notifications}, ${labels.unread(unread)}` : labels.notifications;
    this.bell.ariaLabel = name;
    this.bell.ariaExpanded = String(this.isOpen);
    this.#badge.textContent = unread > 99 ? "99+" : String(unread);
    this.#badge.hidden = unread === 0;
    if (!this.isOpen) return;
    this.panel.ariaLabel = labels.notifications;
    this.#heading.textContent = labels.notifications;
    this.#readAll.textContent = labels.readAll;
    this.#readAll.hidden = unread === 0;
    this.#desktop.textContent = labels.desktop;
    this.#desktop.hidden = !this.#host.offersDesktop;
    this.#empty.textContent = labels.empty;
    this.#empty.hidden = notices.length > 0;
    this.#drawRows(notices);
  }

  /**
   * Aligns the panel's end with the bell's, and moves it into the window when it would overflow.
   */
  #intoView(): void {
    this.panel.style.translate = "";
    const { left, right } = this.panel.getBoundingClientRect();
    const over = Math.min(0, document.documentElement.clientWidth - 8 - right);
    this.panel.style.translate = `${left < 8 ? 8 - left : over}px`;
  }

  #drawRows(notices: readonly Notice[]): void {
    const before = this.#rows;
    const focused = before.findIndex(({ element }) => element.matches(":focus-within"));
    this.#rows = notices.map((notice) => {
      const same = before.find((row) => row.notice.id === notice.id);
      if (same?.notice === notice) return same;
      const row = this.#drawRow(notice);
      if (same) swap(same.element, row.element);
      return row;
    });
    for (const row of before) if (!this.#rows.includes(row)) row.element.remove();
    // New rows are inserted before the existing ones, because an element that is moved loses the
    // focus.
    for (const [index, { element }] of this.#rows.entries()) {
      const there = this.#list.children[index];
      if (there !== element) this.#list.insertBefore(element, there ?? null);
    }
    if (focused >= 0 && !this.#list.matches(":focus-within")) this.#focus(focused);
    else this.#rove();
  }

  #drawRow(notice: Notice): Row {
    const { id, time, read } = notice;
    const { labels } = this.#host;
    const readIt = (): void => this.#host.read(id);
    const state = read ? "read" : "unread";
    const at = new Date(time);
    const main = button(
      { class: "main", part: `notice ${state}` },
      readIt,
      ...(read ? [] : [make("span", { class: "said" }, `${labels.unreadNotice} `)]),
      ...textsOf(notice),
      make(
        "time",
        { part: "time", datetime: at.toISOString() },
        at.toLocaleTimeString([], { timeStyle: "short" }),
      ),
    );
    const buttons = buttonsOf(notice, labels, readIt, () => this.#host.dismiss(id));
    const element = make("li", { class: `row ${state}` }, main, ...buttons);
    element.addEventListener("focusin", () => {
      this.#current = id;
      this.#rove();
    });
    return { notice, element };
  }

  /** Tab reaches one row only, and all of that row's buttons. */
  #rove(): void {
    const current = this.#rows.find(({ notice }) => notice.id === this.#current) ?? this.#rows[0];
    for (const row of this.#rows)
      for (const one of row.element.querySelectorAll("button")) one.tabIndex = row === current ? 0 : -1;
  }

  /**
   * Focuses a row. A negative index counts from the end, an index past the end means the last row;
   * without rows the panel is focused.
   */
  #focus(index: number): void {
    const row = this.#rows.at(index) ?? this.#rows.at(-1);
    this.#current = row?.notice.id;
    this.#rove();
    (row?.element.querySelector("button") ?? this.panel).focus();
  }

  #key(event: KeyboardEvent): void {
    const index = this.#rows.findIndex(({ element }) => element.matches(":focus-within"));
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: (index + 1) % this.#rows.length,
      ArrowUp: Math.max(index, 0) - 1,
      Home: 0,
      End: -1,
    };
    const step = steps[event.key];
    const current = this.#rows[index];
    if (event.key === "Escape") this.toggle(false);
    else if (event.key === "Delete" && current) this.#host.dismiss(current.notice.id);
    else if (step !== undefined) this.#focus(step);
    else return;
    event.preventDefault();
  }
}
