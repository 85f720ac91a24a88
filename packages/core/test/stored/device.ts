/**
 * A device without a browser: its store, its locks, its network, and its pages. A page can be
 * killed at any time; whatever it had under way has no effect after that.
 */
import type { Clock, CloseCause, Transport } from "@bellwire/core";
import type { ClientMessage } from "@bellwire/core/adapter";
import type { KeyValueStore, PageLocks, PagePlatform, TextStorage } from "@bellwire/core/client";

interface Request {
  readonly page: Life;
  readonly granted: () => void;
}

/** Whether a page still runs. */
interface Life {
  alive: boolean;
}

export class LockTable {
  readonly #held: Map<string, Life> = new Map();
  readonly #queues: Map<string, Request[]> = new Map();

  held(name: string): boolean {
    return this.#held.has(name);
  }

  get names(): string[] {
    return Array.from(this.#held.keys());
  }

  /** The locks as one page sees them. */
  of(page: Life): PageLocks {
    return {
      request: (name, { ifAvailable, signal }, held) =>
        new Promise((resolve, reject) => {
          // A page that is gone asks for nothing.
          if (!page.alive) return;
          const request: Request = {
            page,
            granted: () => {
              this.#held.set(name, page);
              setImmediate(() => {
                if (!page.alive) return;
                void Promise.resolve(held({ name })).then(() => {
                  if (!page.alive) return;
                  this.#release(name);
                  resolve(undefined);
                });
              });
            },
          };
          if (!this.#held.has(name)) return request.granted();
          if (ifAvailable) return void setImmediate(() => page.alive && resolve(held(null)));
          const queue = this.#queues.get(name) ?? [];
          this.#queues.set(name, [...queue, request]);
          signal?.addEventListener("abort", () => {
            const waiting = this.#queues.get(name) ?? [];
            if (!waiting.includes(request)) return;
            this.#queues.set(
              name,
              waiting.filter((other) => other !== request),
            );
            reject(new DOMException("aborted", "AbortError"));
          });
        }),
    };
  }

  /** The page is gone: so is everything that it held or waited for. */
  drop(page: Life): void {
    for (const [name, queue] of this.#queues)
      this.#queues.set(
        name,
        queue.filter((request) => request.page !== page),
      );
    for (const [name, holder] of Array.from(this.#held)) if (holder === page) this.#release(name);
  }

  #release(name: string): void {
    this.#held.delete(name);
    this.#queues.get(name)?.shift()?.granted();
  }
}

/** A store whose contents outlive a page. */
export class Disk {
  readonly texts: Map<string, unknown> = new Map();
  /** Characters that fit. */
  quota = Infinity;
  /** Operations that are answered by promises never end. */
  silent = false;
  /** Milliseconds that such an operation takes; 0 for the next turn of the event loop. */
  delay: () => number = () => 0;
  #last: Promise<unknown> = Promise.resolve();
  /** Called after every change. */
  changed: (key: string) => void = () => {};

  set(key: string, value: unknown): void {
    const size =
      this.quota === Infinity
        ? 0
        : Array.from(this.texts).reduce(
            (sum, [other, text]) => sum + (other === key ? 0 : other.length + String(text).length),
            key.length + String(value).length,
          );
    if (size > this.quota) throw new DOMException("full", "QuotaExceededError");
    this.texts.set(key, value);
    this.changed(key);
  }

  storage(life: Life = { alive: true }): TextStorage {
    const { texts } = this;
    return {
      getItem: (key) => (texts.get(key) as string | undefined) ?? null,
      setItem: (key, value) => void (life.alive && this.set(key, value)),
      removeItem: (key) => void (life.alive && texts.delete(key)),
      key: (at) => Array.from(texts.keys())[at] ?? null,
      get length() {
        return texts.size;
      },
    };
  }

  keyed(clock: Clock, life: Life = { alive: true }): KeyValueStore {
    /**
     * One after the other for all pages, like the transactions of an IndexedDB. The operations that
     * a page has begun are done without it.
     */
    const later = <T>(work: () => T): Promise<T> => {
      if (!life.alive || this.silent) return new Promise(() => {});
      const done = this.#last.then(
        () =>
          new Promise<T>((resolve, reject) => {
            const ms = this.delay();
            const act = (): void => {
              try {
                resolve(work());
              } catch (error) {
                reject(error);
              }
            };
            if (ms > 0) clock.after(ms, act);
            else setImmediate(act);
          }),
      );
      this.#last = done.catch(() => {});
      return new Promise((resolve, reject) => {
        // A page that is gone hears of nothing.
        done.then(
          (value) => life.alive && resolve(value),
          (error: unknown) => life.alive && reject(error),
        );
      });
    };
    return {
      get: (key) => later(() => this.texts.get(key)),
      set: (key, value) => later(() => this.set(key, value)),
      del: (key) => later(() => void this.texts.delete(key)),
      keys: () => later(() => Array.from(this.texts.keys())),
    };
  }
}

/** A page of the application. */
export interface Page {
  readonly clock: Clock;
  readonly platform: PagePlatform;
  readonly storage: TextStorage;
  readonly keyed: KeyValueStore;
  /** Runs over the device's network, and ends with the page. */
  readonly transport: Transport;
  /** Messages that the page has sent, of all its links. */
  readonly sent: ClientMessage[];
  readonly alive: boolean;
  /** Whether it receives nothing more of what the hub sends. */
  deaf: boolean;
  /** Ends the page without notice. */
  kill(): void;
  /** Tells the page of an event, such as `freeze`. */
  tell(type: string): void;
}

export class Device {
  readonly disk: Disk = new Disk();
  readonly locks: LockTable = new LockTable();
  readonly #clock: Clock;
  readonly #transport: () => Transport;
  readonly #links: Set<(cause: CloseCause) => void> = new Set();
  #online = true;

  constructor(clock: Clock, transport: () => Transport) {
    this.#clock = clock;
    this.#transport = transport;
  }

  get online(): boolean {
    return this.#online;
  }

  set online(online: boolean) {
    this.#online = online;
    if (!online) for (const cut of Array.from(this.#links)) cut({ code: "link_lost" });
  }

  page(withLocks = true): Page {
    const life: Life = { alive: true };
    const sent: ClientMessage[] = [];
    const listeners = new Map<string, Set<() => void>>();
    const cuts = new Set<(cause: CloseCause) => void>();
    const inner = this.#transport();
    const clock: Clock = {
      now: () => this.#clock.now(),
      wall: () => this.#clock.wall(),
      after: (ms, callback) => this.#clock.after(ms, () => life.alive && callback()),
    };
    const connect: Transport["connect"] = (observer) => {
      let over = false;
      const end = (cause: CloseCause): void => {
        if (over) return;
        over = true;
        if (life.alive) observer.close(cause);
      };
      if (!this.#online || !life.alive) {
        queueMicrotask(() => end({ code: "link_lost" }));
        return { buffered: 0, send() {}, close: end };
      }
      const runs = (): boolean => life.alive && !over;
      const link = inner.connect({
        open: () => runs() && observer.open(),
        message: (message) => runs() && !page.deaf && observer.message(message),
        malformed: (reason) => runs() && observer.malformed(reason),
        close: end,
      });
      const cut = (cause: CloseCause): void => {
        this.#links.delete(cut);
        end(cause);
        link.close(cause);
      };
      this.#links.add(cut);
      cuts.add(cut);
      return {
        buffered: 0,
        send(batch) {
          if (!runs()) return;
          sent.push(...batch);
          link.send(batch);
        },
        close: cut,
      };
    };
    const page: Page = {
      deaf: false,
      get alive() {
        return life.alive;
      },
      clock,
      platform: {
        ...(withLocks && { navigator: { locks: this.locks.of(life) } }),
        addEventListener(type, listener, { signal }) {
          const known = listeners.get(type) ?? new Set();
          listeners.set(type, known.add(listener));
          signal.addEventListener("abort", () => known.delete(listener));
        },
      },
      storage: this.disk.storage(life),
      keyed: this.disk.keyed(this.#clock, life),
      transport: { name: inner.name, capabilities: inner.capabilities, connect },
      sent,
      kill: () => {
        life.alive = false;
        for (const cut of cuts) cut({ code: "link_lost" });
        this.locks.drop(life);
      },
      tell(type) {
        for (const listener of Array.from(listeners.get(type) ?? [])) listener();
      },
    };
    return page;
  }
}
