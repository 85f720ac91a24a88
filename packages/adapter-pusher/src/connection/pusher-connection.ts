/**
 * One connection of pusher-js. Unlike pusher-js itself, it connects once, reports at once that it
 * was lost or never opened, and leaves nothing behind. The channels of pusher-js are not used,
 * because it never subscribes again to a channel that was refused.
 */
import { type CloseCause } from "@bellwire/core";
import { closeFrame } from "@bellwire/core/adapter";
import PusherImport from "pusher-js";
import { causeOfNumber } from "./close-cause.ts";

// Under Node's rules of resolution the compiler takes the default export for the module.
const Pusher = PusherImport as unknown as typeof PusherImport.default;
type Pusher = InstanceType<typeof Pusher>;

/** Where to connect. */
export interface PusherAddress {
  readonly key: string;
  /** Names Pusher's own hosts; with `host` it means nothing. */
  readonly cluster?: string | undefined;
  readonly host?: string | undefined;
  /** For `ws:` and `wss:` alike. Default: 80 and 443. */
  readonly port?: number | undefined;
  /** The path before `/app/KEY`. */
  readonly path?: string | undefined;
  /** A page that was loaded by https gets TLS in any case. */
  readonly tls: boolean;
}

/** One event of Pusher's protocol, its data decoded. */
export interface ReceivedEvent {
  readonly event: string;
  readonly channel?: string | undefined;
  readonly data?: unknown;
}

/** Receives at most one `open`, then events, then exactly one `close`, and nothing after that. */
export interface PusherObserver {
  open(socketId: string): void;
  event(event: ReceivedEvent): void;
  malformed(reason: string): void;
  close(cause: CloseCause): void;
}

/**
 * Milliseconds without a message after which pusher-js sends a ping, and that it waits for the
 * answer.
 */
const ACTIVITY_TIMEOUT = 25_000;
const PONG_TIMEOUT = 10_000;

/** Reactions of pusher-js to a close; each is also the name of an event. */
const REACTIONS = ["tls_only", "refused", "backoff", "retry"] as const;

export class PusherConnection {
  readonly #observer: PusherObserver;
  readonly #pusher: Pusher | undefined;
  readonly #unwatch: () => void = () => {};
  #phase: "connecting" | "open" | "closed" = "connecting";
  /** The number in the last error. It is that of the close if a close follows at once. */
  #number: number | undefined;

  /** Begins to connect. */
  constructor(address: PusherAddress, observer: PusherObserver) {
    this.#observer = observer;
    try {
      const { pusher, unwatch } = makePusher(address);
      this.#pusher = pusher;
      this.#unwatch = unwatch;
      this.#listen(pusher);
    } catch {
      queueMicrotask(() => this.#lost({ code: "link_lost", reason: "refused by the platform" }));
    }
  }

  /** Sends an event. Returns false when the connection is lost and that was not reported yet. */
  send(event: string, data: unknown, channel?: string): boolean {
    return this.#phase === "open" && (this.#pusher?.send_event(event, data, channel) ?? false);
  }

  /** Ends the connection after everything was sent. One `close` of the observer follows. */
  close(cause: CloseCause): void {
    if (this.#phase === "closed") return;
    const wasOpen = this.#phase === "open";
    this.#phase = "closed";
    // pusher-js sends with a timer; one that is set later fires later.
    if (wasOpen) setTimeout(() => this.#hangUp(cause), 0);
    else this.#release();
    queueMicrotask(() => this.#observer.close(cause));
  }

  #listen(pusher: Pusher): void {
    const { connection } = pusher;
    connection.bind("connected", () => this.#opened(pusher));
    takeMessages(pusher, (value) => this.#receive(value));
    connection.bind("error", (error: unknown) => this.#failed(error));
    connection.bind("state_change", ({ current }: { current: string }) => {
      if (current === "connected") return;
      // It gave up, or begins to reconnect, as it does whenever it takes the connection for dead.
      const over = current === "disconnected" || current === "failed" || this.#phase !== "connecting";
      if (over) this.#lost(causeOfNumber(this.#number));
    });
    watchAttempt(pusher, (number) => {
      if (this.#phase === "connecting") this.#lost(causeOfNumber(number ?? this.#number));
    });
  }

  #opened(pusher: Pusher): void {
    if (this.#phase !== "connecting") return;
    const { connection: manager } = pusher;
    // The manager claims for another second that it is connected.
    for (const reaction of REACTIONS)
      manager.connection.bind(reaction, () => this.#lost(causeOfNumber(this.#number)));
    manager.connection.bind("closed", () => this.#lost(causeOfNumber(this.#number)));
    this.#phase = "open";
    this.#number = undefined;
    this.#observer.open(manager.socket_id);
  }

  #receive(value: unknown): void {
    this.#number = undefined;
    if (this.#phase !== "open") return;
    const { event, channel, data } = fields(value);
    if (typeof event !== "string") return this.#observer.malformed("an event without a name");
    this.#observer.event({ event, data, channel: typeof channel === "string" ? channel : undefined });
  }

  #failed(error: unknown): void {
    if (this.#phase === "closed") return;
    const { type, number } = readError(error);
    this.#number = number;
    if (type === "MessageParseError") return this.#observer.malformed("not JSON");
    // An error of an open connection is only a report, unless a close follows.
    if (this.#phase === "connecting") this.#lost(causeOfNumber(number));
  }

  #lost(cause: CloseCause): void {
    // Called from within pusher-js, which may prepare its next attempt after it has reported the
    // end of this one.
    queueMicrotask(() => this.#release());
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#release();
    this.#observer.close(cause);
  }

  /**
   * Closes the socket itself: pusher-js sends no reason, and the hub waits for members that were
   * lost, unlike those that left.
   */
  #hangUp(cause: CloseCause): void {
    const { number, reason } = closeFrame(cause);
    // A page may close only with 1000 or with 3000 to 4999.
    this.#pusher?.connection.connection?.transport?.socket?.close(
      number === 1000 || number >= 3000 ? number : 4000,
      reason,
    );
    this.#release();
  }

  #release(): void {
    const pusher = this.#pusher;
    if (!pusher) return;
    pusher.disconnect();
    this.#unwatch();
    // Otherwise it is kept there for ever.
    const at = Pusher.instances.indexOf(pusher);
    if (at >= 0) Pusher.instances.splice(at, 1);
  }
}

/**
 * Makes an instance, and a function that takes its listeners off the network object, which would
 * hold it for ever.
 */
function makePusher({ key, cluster, host, port, path, tls }: PusherAddress): {
  readonly pusher: Pusher;
  readonly unwatch: () => void;
} {
  const network = Pusher.Runtime.getNetwork() as unknown as Network;
  const bound: [event: string, callback: () => void][] = [];
  const { bind } = network;
  network.bind = function record(event, callback) {
    bound.push([event, callback]);
    return bind.call(this, event, callback);
  };
  try {
    const pusher = new Pusher(key, {
      // It is mandatory, and has no meaning beside a host.
      cluster: cluster ?? "bellwire",
      ...(host !== undefined && { wsHost: host }),
      ...(port !== undefined && { wsPort: port, wssPort: port }),
      ...(path !== undefined && { wsPath: path }),
      forceTLS: tls,
      // With any other transport pusher-js dials hosts that nobody named.
      enabledTransports: ["ws"],
      activityTimeout: ACTIVITY_TIMEOUT,
      pongTimeout: PONG_TIMEOUT,
    });
    const unwatch = (): void => {
      for (const [event, callback] of bound) network.unbind(event, callback);
    };
    return { pusher, unwatch };
  } finally {
    network.bind = bind;
  }
}

interface Network {
  bind: (this: Network, event: string, callback: () => void) => unknown;
  unbind(event: string, callback: () => void): unknown;
}

/**
 * Takes messages before the instance does: its channels and users have no part in them, and it
 * throws at frames without an event.
 */
function takeMessages({ connection }: Pusher, take: (value: unknown) => void): void {
  const emit = connection.emit.bind(connection);
  connection.emit = (name: string, ...rest: [data?: unknown, metadata?: never]) => {
    if (name !== "message") return emit(name, ...rest);
    take(rest[0]);
    return connection;
  };
}

/**
 * Calls back when the attempt to connect has failed. pusher-js does not report that, and waits 15
 * seconds and longer before the next attempt; only its timeline, a log for statistics, has an
 * entry.
 */
function watchAttempt({ timeline }: Pusher, failed: (number: number | undefined) => void): void {
  const info = timeline.info.bind(timeline);
  timeline.info = (entry: Readonly<Record<string, unknown>>) => {
    info(entry);
    if (entry.state !== "closed") return;
    const { params } = entry;
    const number =
      typeof params === "object" && params !== null && "code" in params ? params.code : undefined;
    failed(typeof number === "number" ? number : undefined);
  };
}

function readError(error: unknown): { readonly type: unknown; readonly number: number | undefined } {
  const outer = fields(error);
  // Errors of an attempt are wrapped once more.
  const inner = fields(outer.error);
  const code = fields(outer.data ?? inner.data).code;
  return { type: outer.type, number: typeof code === "number" ? code : undefined };
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
