/**
 * The element: it combines the bell, the centre and the toasts, and has the methods that
 * applications call.
 */
import { Announcer } from "./announcer.ts";
import { Centre } from "./centre.ts";
import { askDesktop, desktopPermission, showOnDesktop } from "./desktop.ts";
import { NoticeList } from "./notice-list.ts";
import type { ReadStore } from "./reads.ts";
import { Stack } from "./stack.ts";
import { STYLES } from "./styles.ts";
import { ENGLISH, type Notice, type Toast, type ToasterLabels } from "./toast.ts";

/**
 * A source of notifications: a subscription of `@bellwire/core`, or an object with the same
 * methods.
 */
export interface ToastSource<N, G> {
  onAny(listener: (notification: N) => unknown): () => void;
  onGap?(listener: (gap: G) => unknown): () => void;
}

/** The parts of a notification that a toaster reads. */
export interface Sourced {
  readonly id: string;
  readonly topic: string;
  readonly time: number;
}

// A server has no HTMLElement. The class is never constructed there.
const Base: typeof HTMLElement = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/**
 * `<bellwire-toaster>`: toasts, and a bell with a notification centre. Place it where the bell
 * belongs.
 *
 * Attributes: `timeout` (milliseconds a toast stays, default 6,000), `limit` (notices in the
 * centre, default 100), and `desktop`, which offers notifications of the desktop in the centre and
 * shows them while the page is hidden. Event: `change`, after `notices` or `unread` have changed.
 * Parts: `bell`, `badge`, `panel`, `heading`, `list`, `notice`, `toasts`, `toast`, `title`, `body`,
 * `time`, `action`, `close`, `empty`, `read-all`, `desktop`; a toast also has its tone as a part, a
 * notice `read` or `unread`.
 */
export class BellwireToaster extends Base {
  readonly #list = new NoticeList();
  readonly #announcer = new Announcer();
  #labels: ToasterLabels = ENGLISH;
  readonly #stack: Stack = new Stack(this);
  readonly #centre: Centre = new Centre(this);

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    // The style sheet is constructed by script, which a content security policy without inline
    // styles allows.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLES);
    root.adoptedStyleSheets = [sheet];
    root.append(this.#centre.bell, this.#centre.panel, this.#stack.element, ...this.#announcer.elements);
  }

  connectedCallback(): void {
    document.addEventListener("pointerdown", this.#outside);
    this.#stack.start();
  }

  disconnectedCallback(): void {
    document.removeEventListener("pointerdown", this.#outside);
    this.#stack.stop();
  }

  /** The notices in the centre, newest first. */
  get notices(): readonly Notice[] {
    return this.#list.notices;
  }

  /** The number of unread notices. */
  get unread(): number {
    return this.#list.unread;
  }

  /** The toaster's own texts; omitted ones stay English. */
  get labels(): ToasterLabels {
    return this.#labels;
  }

  set labels(labels: Partial<ToasterLabels> | undefined) {
    this.#labels = { ...ENGLISH, ...labels };
    this.#centre.draw();
  }

  /**
   * The store that keeps the ids of read notices across pages. Set it before the first toast.
   * Default: none.
   */
  get reads(): ReadStore | undefined {
    return this.#list.store;
  }

  set reads(store: ReadStore | undefined) {
    if (store === this.reads) return;
    this.#list.restore(store);
    this.#changed();
  }

  /** Whether the attribute `desktop` is set and the person was not asked yet. */
  get offersDesktop(): boolean {
    return this.hasAttribute("desktop") && desktopPermission() === "default";
  }

  /** Focuses the bell. */
  override focus(): void {
    this.#centre.bell.focus();
  }

  /** Shows a toast and adds it to the centre. Returns its id. */
  show(toast: Toast): string {
    this.#list.limit = numberOf(this.getAttribute("limit"), 100);
    const { notice, isNews } = this.#list.put(toast, Date.now());
    if (isNews) {
      const stays = notice.tone === "error" || notice.actions.length > 0;
      const usual = stays ? 0 : numberOf(this.getAttribute("timeout"), 6_000);
      this.#stack.show(notice, toast.timeout ?? usual);
      this.#announcer.say(notice);
      if (this.hasAttribute("desktop")) showOnDesktop(notice, (id) => this.read(id));
    } else this.#stack.change(notice);
    this.#changed();
    return notice.id;
  }

  /**
   * Shows the notifications of a subscription. `toToast` makes a toast of each, or returns null to
   * show none. A toast without an id gets one from the topic and the notification's id, so that it
   * is not shown twice. `gapToToast` makes the toast for a gap. Returns a function that disconnects
   * the toaster; the subscription stays open.
   */
  connect<N extends Sourced, G>(
    source: ToastSource<N, G>,
    toToast: (notification: N) => Toast | null | undefined,
    gapToToast?: (gap: G) => Toast | null | undefined,
  ): () => void {
    const stop = source.onAny((notification) => {
      const toast = toToast(notification);
      if (!toast) return;
      const { id, topic, time } = notification;
      this.show({ time, ...(id && { id: `${topic} ${id}` }), ...toast });
    });
    const stopGaps = source.onGap?.((gap) => {
      const toast = gapToToast?.(gap);
      if (toast) this.show(toast);
    });
    return () => {
      stop();
      stopGaps?.();
    };
  }

  /** Marks a notice as read, and removes its toast. */
  read(id: string): void {
    this.#list.read([id]);
    this.#leave([id]);
  }

  /** Marks all notices as read, and removes all toasts. */
  readAll(): void {
    this.#list.read();
    this.#leave();
  }

  /** Removes a notice and its toast. A later toast with the same id is not shown. */
  dismiss(id: string): void {
    this.#list.dismiss([id]);
    this.#leave([id]);
  }

  /** Removes all notices and toasts. */
  clear(): void {
    this.#list.dismiss();
    this.#leave();
  }

  /** Opens the centre and moves the focus there. */
  open(): void {
    this.#centre.toggle(true);
  }

  /** Closes the centre. */
  close(): void {
    this.#centre.toggle(false);
  }

  /**
   * Asks for desktop notifications. Call it in the handler of a click; resolves to whether they are
   * allowed.
   */
  async askDesktop(): Promise<boolean> {
    const allowed = await askDesktop();
    this.#centre.draw();
    return allowed;
  }

  #leave(ids?: readonly string[]): void {
    this.#stack.remove(ids);
    this.#changed();
  }

  #changed(): void {
    this.#centre.draw();
    this.dispatchEvent(new Event("change"));
  }

  readonly #outside = (event: Event): void => {
    if (!event.composedPath().includes(this)) this.close();
  };
}

/**
 * Defines `<bellwire-toaster>` on the page. A second call does nothing, and neither does a call on
 * a server.
 */
export function defineToaster(): void {
  const registry = globalThis.customElements as CustomElementRegistry | undefined;
  if (!registry?.get("bellwire-toaster")) registry?.define("bellwire-toaster", BellwireToaster);
}

function numberOf(text: string | null, usual: number): number {
  const value = Number(text ?? usual);
  return value >= 0 ? value : usual;
}

declare global {
  interface HTMLElementTagNameMap {
    // The type without the class's private members, which would make the types of the ES and
    // CommonJS modules incompatible.
    "bellwire-toaster": Omit<BellwireToaster, "labels"> & {
      get labels(): ToasterLabels;
      set labels(labels: Partial<ToasterLabels> | undefined);
    };
  }
}
