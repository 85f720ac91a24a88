/**
 * Tabs without a browser: Node's own broadcasts, and locks like those of `navigator.locks`. A tab
 * can crash, hang and come back.
 */

import type { Clock, CloseCause, Transport } from "@bellwire/core";
import type { LinkObserver, ServerMessage } from "@bellwire/core/adapter";
import { systemClock } from "@bellwire/core/adapter";
import { shared, type TabBroadcast, type TabLocks, type TabPlatform } from "@bellwire/core/shared";

interface Request {
  readonly owner: LockClient;
  readonly held: () => Promise<void>;
  readonly settle: { resolve(): void; reject(error: unknown): void };
}

/** The locks of one origin. */
class LockTable {
  readonly #held: Map<string, Request> = new Map();
  readonly #queues: Map<string, Request[]> = new Map();

  request(name: string, request: Request, steal: boolean): void {
    const queue = this.#queues.get(name) ?? [];
    this.#queues.set(name, queue);
    if (steal) {
      const holder = this.#held.get(name);
      this.#held.delete(name);
      holder?.owner.tell(() => holder.settle.reject(new DOMException("stolen", "AbortError")));
      queue.unshift(request);
    } else queue.push(request);
    this.#grant(name);
  }

  /** Crashes the owner: everything that it held or waited for is gone. */
  drop(owner: LockClient): void {
    for (const queue of this.#queues.values())
      queue.splice(0, queue.length, ...queue.filter((request) => request.owner !== owner));
    for (const [name, request] of Array.from(this.#held))
      if (request.owner === owner) this.#release(name, request);
  }

  get quiet(): boolean {
    return this.#held.size === 0 && Array.from(this.#queues.values()).every(({ length }) => length === 0);
  }

  #grant(name: string): void {
    if (this.#held.has(name)) return;
    const request = this.#queues.get(name)?.shift();
    if (!request) return;
    this.#held.set(name, request);
    request.owner.tell(() => {
      void request.held().then(() => {
        this.#release(name, request);
        request.settle.resolve();
      });
    });
  }

  #release(name: string, request: Request): void {
    if (this.#held.get(name) !== request) return;
    this.#held.delete(name);
    this.#grant(name);
  }
}

class LockClient implements TabLocks {
  readonly #table: LockTable;
  readonly #tell: (task: () => void) => void;

  constructor(table: LockTable, tell: (task: () => void) => void) {
    this.#table = table;
    this.#tell = tell;
  }

  request(name: string, { steal }: { readonly steal: boolean }, held: () => Promise<void>): Promise<unknown> {
    return new Promise<void>((resolve, reject) => {
      this.#table.request(name, { owner: this, held, settle: { resolve, reject } }, steal);
    });
  }

  /** Answers come in tasks of the tab's own. */
  tell(task: () => void): void {
    setImmediate(() => this.#tell(task));
  }
}

/** One tab of a browser that is not there. */
export interface FakeTab {
  readonly platform: TabPlatform;
  /** Stands still while the tab hangs. */
  readonly clock: Clock;
  /** A transport whose links are cut when the tab crashes. */
  over(transport: Transport): Transport;
  /** Ends the tab without notice, and its connections. */
  crash(): void;
  /** Stops the tab until it thaws, without notice. Its connections stay. */
  hang(): void;
  /** Runs the tasks that have come up meanwhile. */
  thaw(): void;
  /** The page is about to be frozen, or to go. */
  leave(): void;
  /** Called with every broadcast message after the tab has handled it. */
  onHeard: (message: readonly unknown[]) => void;
  /** Open broadcasts: none once the tab no longer takes part. */
  readonly broadcasts: number;
}

let origins = 0;

/** Tabs of one origin, apart from all others. */
export class Browser {
  readonly #table: LockTable = new LockTable();
  readonly #origin = `origin-${++origins}/`;
  readonly #clock: Clock;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Whether no lock is held and none is waited for. */
  get quiet(): boolean {
    return this.#table.quiet;
  }

  tab(): FakeTab {
    let state: "runs" | "hangs" | "dead" = "runs";
    let held: (() => void)[] = [];
    const leaving = new Set<() => void>();
    const channels = new Set<BroadcastChannel>();
    const cuts = new Set<() => void>();
    const run = (task: () => void): void => {
      if (state === "runs") task();
      else if (state === "hangs") held.push(task);
    };
    const origin = this.#origin;
    const clock: Clock = {
      now: () => this.#clock.now(),
      wall: () => this.#clock.wall(),
      after: (ms, callback) => this.#clock.after(ms, () => run(callback)),
    };
    const locks = new LockClient(this.#table, run);
    class Broadcast implements TabBroadcast {
      onmessage: ((event: never) => unknown) | null = null;
      readonly #channel: BroadcastChannel;

      constructor(name: string) {
        this.#channel = new BroadcastChannel(origin + name);
        this.#channel.onmessage = (event) =>
          run(() => {
            this.onmessage?.(event as never);
            tab.onHeard((event as MessageEvent<readonly unknown[]>).data);
          });
        channels.add(this.#channel);
      }

      postMessage(message: unknown): void {
        if (state !== "dead") this.#channel.postMessage(message);
      }

      close(): void {
        channels.delete(this.#channel);
        this.#channel.close();
      }
    }
    const tab: FakeTab = {
      onHeard: () => {},
      platform: {
        clock,
        navigator: { locks },
        BroadcastChannel: Broadcast,
        addEventListener: (type, listener) => void (type === "freeze" && leaving.add(listener)),
      },
      clock,
      over: (transport) => ({
        name: transport.name,
        capabilities: transport.capabilities,
        connect(observer) {
          const link = transport.connect({
            open: () => run(() => observer.open()),
            message: (message) => run(() => observer.message(message)),
            malformed: (reason) => run(() => observer.malformed(reason)),
            close: (cause) => run(() => observer.close(cause)),
          });
          cuts.add(() => link.close({ code: "link_lost" }));
          return link;
        },
      }),
      crash: () => {
        state = "dead";
        for (const cut of cuts) cut();
        for (const channel of channels) channel.close();
        this.#table.drop(locks);
      },
      hang() {
        state = "hangs";
      },
      thaw() {
        state = "runs";
        const tasks = held;
        held = [];
        for (const task of tasks) task();
      },
      leave() {
        for (const listener of leaving) listener();
      },
      get broadcasts() {
        return channels.size;
      },
    };
    return tab;
  }
}

const NOBODY: LinkObserver<ServerMessage> = { open() {}, message() {}, malformed() {}, close() {} };

/** The transport in one tab, which leads, or which follows a tab that sends nothing itself. */
export function inTabs(transport: Transport, role: "leader" | "follower"): Transport {
  return {
    name: transport.name,
    capabilities: transport.capabilities,
    connect(observer) {
      const browser = new Browser();
      const join = ({ platform }: FakeTab): Transport => shared(transport, { key: "kit", platform });
      if (role === "leader") return join(browser.tab()).connect(observer);
      const first = browser.tab();
      const silent = join(first).connect(NOBODY);
      // It leaves after the follower has left, with the same cause.
      first.onHeard = ([kind, , , cause]) => {
        if (kind === "close") silent.close(cause as CloseCause);
      };
      return join(browser.tab()).connect(observer);
    },
  };
}
