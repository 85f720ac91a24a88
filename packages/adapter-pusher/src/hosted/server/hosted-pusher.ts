/**
 * Hosted Pusher as a broadcaster: everything that the hub publishes goes to Pusher, where the
 * clients are connected.
 */
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { BellwireError, type Clock, type ErrorCode } from "@bellwire/core";
import {
  atLeast,
  callable,
  checkOptions,
  flag,
  having,
  type OptionRules,
  systemClock,
  text,
} from "@bellwire/core/adapter";
import type { Broadcast, Broadcaster } from "@bellwire/core/server";
import Pusher from "pusher";
import { nameRule } from "../../protocol/app.ts";
import { channelClass } from "../../protocol/channel-name.ts";
import { HOSTED_LIMITS } from "../../protocol/limits.ts";
import { type Metadata, withMetadata } from "../metadata.ts";
import { NO_EPOCH, STORED_EVENT, socketOf } from "../routes.ts";
import { type BroadcastEvent, BroadcastQueue, failureOf } from "./broadcast-queue.ts";

/** Options of {@link hostedPusher}. */
export interface HostedPusherOptions {
  readonly appId: string;
  readonly key: string;
  readonly secret: string;
  /** Pusher's cluster, such as `eu`. Either this or `host`. */
  readonly cluster?: string;
  /** Another server of the HTTP API in place of Pusher's. */
  readonly host?: string;
  readonly port?: number;
  /** Default: true. */
  readonly useTLS?: boolean;
  /** Milliseconds that a request may take. Default: 5,000. */
  readonly timeout?: number;
  /**
   * Whether the position, the time and the id of each event travel in its data, as `$bellwire`:
   * Pusher has no other place for them, and without them clients cannot notice a loss. With `false`
   * stock clients receive exactly the data that was published, and `pusherTransport` needs
   * `metadata: false`, too. Default: true.
   */
  readonly metadata?: boolean;
  /**
   * Receives an error when clients do not get an event at once: `too_large` (they read it from the
   * history), `overloaded` (it was dropped, and is in the history), `forbidden` (encrypted channels
   * are not supported), or one for Pusher's answer: `unauthorized` (401), `rate_limited` (403,
   * 429), `malformed` (400), `too_large` (413), `link_lost`. Each is reported once until a request
   * succeeds. Default: `console.error`.
   */
  readonly onError?: (error: BellwireError) => void;
  readonly clock?: Clock;
}

const RULES: OptionRules = {
  appId: nameRule,
  key: nameRule,
  secret: text,
  cluster: nameRule,
  host: text,
  port: atLeast(1),
  useTLS: flag,
  timeout: atLeast(1),
  metadata: flag,
  onError: callable,
  clock: having("now", "wall", "after"),
};

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: "malformed",
  401: "unauthorized",
  403: "rate_limited",
  413: "too_large",
  429: "rate_limited",
};

/** Milliseconds between two checks, while closing, whether every event was sent. */
const DRAIN_POLL = 20;

/**
 * A broadcaster of `createHub` that publishes on hosted Pusher, by its HTTP API. Events of a topic
 * leave in order. An event that is too large for Pusher is announced, and clients read it from the
 * history. Throws `invalid_option`.
 */
export function hostedPusher(options: HostedPusherOptions): Broadcaster {
  checkOptions("hostedPusher", options, RULES, ["appId", "key", "secret"]);
  if ((options.cluster === undefined) === (options.host === undefined))
    throw new BellwireError("invalid_option", "hostedPusher: must have either cluster or host");
  return new HostedBroadcaster(options);
}

class HostedBroadcaster implements Broadcaster {
  readonly name = "pusher";
  readonly #pusher: Pusher;
  readonly #agent: HttpAgent;
  readonly #metadata: boolean;
  readonly #clock: Clock;
  readonly #onError: (error: BellwireError) => void;
  readonly #queue: BroadcastQueue = new BroadcastQueue();
  /** Failures that were reported and have not ended since. */
  readonly #reported: Set<string> = new Set();
  #scheduled = false;
  #closed = false;
  #cancelRetry: (() => void) | undefined;

  constructor({
    useTLS = true,
    timeout = 5_000,
    metadata = true,
    onError = complain,
    clock = systemClock,
    ...app
  }: HostedPusherOptions) {
    this.#metadata = metadata;
    this.#clock = clock;
    this.#onError = onError;
    this.#agent = useTLS ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
    const { appId, key, secret, cluster, host, port } = app;
    const common = { appId, key, secret, useTLS, timeout, agent: this.#agent };
    this.#pusher = new Pusher(
      host === undefined
        ? { ...common, cluster: cluster ?? "" }
        : { ...common, host, ...(port !== undefined && { port: String(port) }) },
    );
  }

  publish(notification: Broadcast): void {
    if (this.#closed) return;
    const event = this.#encode(notification);
    if (!event) return;
    this.#giveUp(this.#queue.add(event));
    if (this.#scheduled) return;
    this.#scheduled = true;
    // The other notifications of this turn are sent with it.
    setImmediate(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  async close(ms: number): Promise<void> {
    const end = this.#clock.now() + ms;
    this.#pump();
    while (!this.#queue.empty && this.#clock.now() < end) {
      await new Promise<void>((resolve) => void this.#clock.after(DRAIN_POLL, resolve));
    }
    this.#closed = true;
    this.#cancelRetry?.();
    this.#giveUp(this.#queue.clear());
    this.#agent.destroy();
  }

  #encode(notification: Broadcast): BroadcastEvent | undefined {
    const { topic: channel, event, json, position, time, id, exclude } = notification;
    if (channelClass(channel).encrypted) {
      this.#report("encrypted", new BellwireError("forbidden", "encrypted channels are not supported"));
      return undefined;
    }
    const volatile = position === null;
    const metadata: Metadata = { ...(position ?? { epoch: NO_EPOCH, offset: 0 }), time, id };
    const common = {
      channel,
      volatile,
      at: this.#clock.now(),
      socketId: exclude === undefined ? undefined : socketOf(exclude),
    };
    const dataOf = (text: string): string => (this.#metadata ? withMetadata(text, metadata) : text);
    const data = dataOf(json);
    if (Buffer.byteLength(data) <= HOSTED_LIMITS.eventBytes) return { ...common, name: event, data };
    this.#report(
      "too_large",
      new BellwireError("too_large", `Pusher takes ${HOSTED_LIMITS.eventBytes} bytes of data`),
    );
    // A volatile event cannot be read anywhere else.
    return volatile ? undefined : { ...common, name: STORED_EVENT, data: dataOf("{}") };
  }

  #pump(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    if (this.#closed) return;
    const now = this.#clock.now();
    this.#giveUp(this.#queue.expire(now));
    for (let batch = this.#queue.next(now); batch; batch = this.#queue.next(now)) void this.#send(batch);
    const rest = this.#queue.resumeAt - now;
    if (rest > 0 && this.#queue.waiting > 0) this.#cancelRetry = this.#clock.after(rest, () => this.#pump());
  }

  async #send(batch: readonly BroadcastEvent[]): Promise<void> {
    try {
      await this.#pusher.triggerBatch(
        batch.map(({ channel, name: event, data, socketId }) => ({
          channel,
          name: event,
          data,
          ...(socketId !== undefined && { socket_id: socketId }),
        })),
      );
      this.#queue.taken(batch);
      this.#reported.clear();
    } catch (error) {
      // The library's error names the URL, and with it the key and a signature.
      const status = statusOf(error);
      const code = status === undefined ? "link_lost" : (CODES[status] ?? "link_lost");
      this.#report(
        String(status),
        new BellwireError(code, status === undefined ? "Pusher did not answer" : `Pusher answered ${status}`),
      );
      this.#giveUp(this.#queue.failed(batch, failureOf(status), this.#clock.now(), Math.random()));
    }
    this.#pump();
  }

  #giveUp(events: readonly BroadcastEvent[]): void {
    if (events.length > 0)
      this.#report(
        "overloaded",
        new BellwireError("overloaded", `${events.length} events were not published on Pusher`),
      );
  }

  #report(what: string, error: BellwireError): void {
    if (this.#reported.has(what)) return;
    this.#reported.add(what);
    try {
      this.#onError(error);
    } catch {
      // An error in the application's own function must not stop the broadcaster.
    }
  }
}

function statusOf(error: unknown): number | undefined {
  return typeof error === "object" && error !== null && "status" in error && typeof error.status === "number"
    ? error.status
    : undefined;
}

function complain(error: BellwireError): void {
  // oxlint-disable-next-line no-console -- the default must show that clients receive events late
  console.error("bellwire:", error);
}
