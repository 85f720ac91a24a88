/** Tabs without a browser: Node's own broadcasts, and locks as `navigator.locks` has them. A tab can crash, hang and come back. */

import type { Clock, CloseCause, LinkObserver, ServerMessage, Transport } from "@bellwire/core";
import { systemClock } from "@bellwire/core";
import { shared, type TabLocks, type TabPlatform } from "@bellwire/core/shared";

interface Request {
  readonly owner: LockClient;
  readonly held: () => Promise<void> | undefined;
  readonly settle: { resolve(): void; reject(error: unknown): void };
}

/** The locks of one origin. */
class LockTable {
  readonly #held: Map<string, Request> = new Map();
  readonly #queues: Map<string, Request[]> = new Map();

  request(name: string, request: Request, signal: AbortSignal | undefined, steal: boolean): void {
    const queue = this.#queues.get(name) ?? [];
    this.#queues.set(name, queue);
    if (steal) {
      const holder = this.#held.get(name);
      this.#held.delete(name);
      holder?.owner.tell(() => holder.settle.reject(new DOMException("stolen", "AbortError")));
      queue.unshift(request);
    } else queue.push(request);
    signal?.addEventListener("abort", () => {
      const at = queue.indexOf(request);
      if (at < 0) return;
      queue.splice(at, 1);
      request.settle.reject(new DOMException("aborted", "AbortError"));
    });
    this.#grant(name);
  }

  /** What a crash does: whatever the owner held or waited for is gone. */
  drop(owner: LockClient): void {
    for (const queue of this.#queues.values())
      queue.splice(0, queue.length, ...queue.filter((request) => request.owner !== owner));
    for (const [name, request] of Array.from(this.#held))
      if (request.owner === owner) this.#release(name, request);
  }

  #grant(name: string): void {
    if (this.#held.has(name)) return;
    const request = this.#queues.get(name)?.shift();
    if (!request) return;
    this.#held.set(name, request);
    request.owner.tell(() => {
      // It may have been stolen on the way.
      const held = request.held() ?? Promise.resolve();
      void held.then(() => {
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

  request(
    name: string,
    options: { readonly signal?: AbortSignal; readonly steal?: boolean },
    held: () => Promise<void> | undefined,
  ): Promise<unknown> {
    return new Promise<void>((resolve, reject) => {
      const settle = { resolve, reject };
      this.#table.request(name, { owner: this, held, settle }, options.signal, options.steal === true);
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
  /** Takes the tab away without a word. Its connections are cut by whoever made them. */
  crash(): void;
  /** Does nothing and hears nothing until it thaws; it does not know of it. */
  hang(): void;
  /** Does now what it would have done. */
  thaw(): void;
  /** The page is about to be frozen, or to go. */
  leave(): void;
}

let origins = 0;

/** Tabs of one origin, which hears no other. */
export class Browser {
  readonly #table: LockTable = new LockTable();
  readonly #origin = `origin-${++origins}/`;
  readonly #clock: Clock;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  tab(): FakeTab {
    let state: "runs" | "hangs" | "dead" = "runs";
    let held: (() => void)[] = [];
    const leaving = new Set<() => void>();
    const channels = new Set<BroadcastChannel>();
    const run = (task: () => void): void => {
      if (state === "runs") task();
      else if (state === "hangs") held.push(task);
    };
    const locks = new LockClient(this.#table, run);
    const platform: TabPlatform = {
      locks,
      clock: { ...this.#clock, after: (ms, callback) => this.#clock.after(ms, () => run(callback)) },
      broadcast: (name, hear) => {
        const channel = new BroadcastChannel(this.#origin + name);
        channels.add(channel);
        channel.onmessage = (event) => run(() => hear((event as MessageEvent).data));
        const close = (): void => {
          channels.delete(channel);
          channel.close();
        };
        return { post: (message) => channel.postMessage(message), close };
      },
      onLeave(listener) {
        leaving.add(listener);
        return () => void leaving.delete(listener);
      },
    };
    return {
      platform,
      crash: () => {
        state = "dead";
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
        for (const listener of Array.from(leaving)) listener();
      },
    };
  }
}

const NOBODY: LinkObserver<ServerMessage> = { open() {}, message() {}, malformed() {}, close() {} };

/** The transport as one tab has it: the one that leads, or one that follows a tab which itself says nothing. */
export function inTabs(transport: Transport, role: "leader" | "follower"): Transport {
  return {
    name: transport.name,
    capabilities: transport.capabilities,
    connect(observer) {
      const browser = new Browser();
      const join = (platform: TabPlatform): Transport => shared(transport, { key: "kit", platform });
      if (role === "follower") {
        const { platform } = browser.tab();
        const leader = join({
          ...platform,
          broadcast: (name, hear) => platform.broadcast(name, until(hear)),
        });
        const silent = leader.connect(NOBODY);
        // It leaves after it has dealt with the other's leaving, and as that one did.
        function until(hear: (message: unknown) => void): (message: unknown) => void {
          return (message) => {
            hear(message);
            const [kind, , , cause] = message as readonly [string, string, string, CloseCause];
            if (kind === "close") silent.close(cause);
          };
        }
      }
      return join(browser.tab().platform).connect(observer);
    },
  };
}
