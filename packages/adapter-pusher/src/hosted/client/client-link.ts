/**
 * The client's end of a link to a hub that is not on the other end: events come from Pusher, and
 * the application's server answers everything else by requests. This end plays the hub's part, so
 * that a channel sees no difference.
 */

import { type Clock, type CloseCause } from "@bellwire/core";
import {
  type ClientMessage,
  type Hello,
  type Link,
  type LinkObserver,
  PROTOCOL_VERSION,
  type Publish,
  type ServerMessage,
} from "@bellwire/core/adapter";
import {
  type PusherAddress,
  PusherConnection,
  type ReceivedEvent,
} from "../../connection/pusher-connection.ts";
import { HOSTED_MESSAGE_BYTES, SILENCE } from "../routes.ts";
import { Publishes } from "./publishes.ts";
import { RouteClient, type RouteOptions } from "./route-client.ts";
import { HostedTopics } from "./topics.ts";

/** The parts and settings of a hosted link. */
export interface HostedLinkOptions extends RouteOptions {
  readonly address: PusherAddress;
  /** Whether events bring their positions. */
  readonly metadata: boolean;
  /** Milliseconds between two comparisons with the history. */
  readonly positionCheck: number;
  readonly clock: Clock;
  /** From [0, 1). */
  readonly random: () => number;
}

/**
 * Milliseconds without a message to the channel after which other signs of life are passed on to
 * it.
 */
const QUIET = 10_000;
/**
 * The largest number of milliseconds before a token's end at which the channel is asked for
 * another.
 */
const NOTICE = 30_000;

export class HostedLink implements Link<ClientMessage> {
  /** pusher-js does not report it. */
  readonly buffered = 0;
  readonly #options: HostedLinkOptions;
  readonly #observer: LinkObserver<ServerMessage>;
  readonly #routes: RouteClient;
  readonly #connection: PusherConnection;
  readonly #topics: HostedTopics;
  readonly #publishes: Publishes;
  #closed = false;
  #saidAt = 0;
  #cancelCheck: (() => void) | undefined;
  #cancelExpiry: (() => void) | undefined;

  constructor(options: HostedLinkOptions, observer: LinkObserver<ServerMessage>) {
    this.#options = options;
    this.#observer = observer;
    const { clock, random, address, metadata } = options;
    const routes = new RouteClient(options);
    this.#routes = routes;
    const close = (cause: CloseCause): void => this.close(cause);
    const say = (message: ServerMessage): void => this.#say(message);
    const emit = (event: string, data: unknown): void => this.#emit(event, data);
    this.#topics = new HostedTopics({ clock, random, routes, metadata, emit, say, close });
    this.#publishes = new Publishes({
      clock,
      random,
      post: (publishes) => routes.ask("publish", publishes),
      answered: ({ topic, excludeSelf }, answer) => {
        if (excludeSelf && answer.type === "acknowledged" && answer.position)
          this.#topics.skip(topic, answer.position);
        say(answer);
      },
      close,
    });
    this.#connection = new PusherConnection(address, {
      open(socketId) {
        routes.socket = socketId;
        observer.open();
      },
      event: (event) => this.#receive(event),
      malformed: (reason) => observer.malformed(reason),
      close: (cause) => {
        this.#end();
        observer.close(cause);
      },
    });
  }

  send(batch: readonly ClientMessage[]): void {
    for (const message of batch) if (!this.#closed) this.#command(message);
  }

  close(cause: CloseCause): void {
    this.#end();
    this.#connection.close(cause);
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#routes.close();
    this.#publishes.close();
    this.#topics.clear();
    this.#cancelCheck?.();
    this.#cancelExpiry?.();
  }

  #command(message: ClientMessage): void {
    switch (message.type) {
      case "hello":
        return this.#hello(message);
      case "subscribe":
        return this.#topics.subscribe(message);
      case "unsubscribe":
        this.#topics.unsubscribe(message.topic);
        return this.#sayLater({ type: "done", ref: message.ref });
      case "publish":
        return this.#publish(message);
      case "history":
        // Events that Pusher brings are numbered by this end, and the log by the hub.
        return this.#sayLater({
          type: "error",
          ref: message.ref,
          code: "forbidden",
          message: "hosted Pusher has no pages of history",
        });
      case "token":
        this.#routes.token = message.token;
        return void this.#greet(() => this.#say({ type: "done", ref: message.ref }));
      case "ping":
        // Only the answer of the other end is a sign of life.
        return this.#emit("pusher:ping", {});
      case "pong":
        return;
    }
  }

  #hello({ session, token }: Hello): void {
    this.#routes.session = session;
    this.#routes.token = token;
    void this.#greet(() => {
      this.#say({ type: "welcome", idleTimeout: SILENCE, maxMessageBytes: HOSTED_MESSAGE_BYTES });
      if (this.#routes.has("history")) this.#scheduleCheck();
    });
  }

  /**
   * Shows the token to the server; the link ends when it is refused. Without this route the first
   * request finds that out.
   */
  async #greet(accepted: () => void): Promise<void> {
    this.#cancelExpiry?.();
    const { session } = this.#routes;
    const answer = this.#routes.has("hello")
      ? await this.#routes.ask("hello", [{ type: "hello", protocol: PROTOCOL_VERSION, session }])
      : [];
    // The channel must not receive an answer before its call of `send` has returned.
    await Promise.resolve();
    if (this.#closed) return;
    if ("code" in answer) return this.close(answer);
    accepted();
    for (const message of answer) if (message.type === "expiring") this.#watchExpiry(message.in);
  }

  /** `ms`: the time for which the token is good. */
  #watchExpiry(ms: number): void {
    const { clock } = this.#options;
    const notice = Math.min(NOTICE, ms / 2);
    this.#cancelExpiry = clock.after(ms - notice, () => {
      this.#cancelExpiry = clock.after(notice, () =>
        this.close({ code: "unauthorized", reason: "the token expired" }),
      );
      this.#say({ type: "expiring", in: notice });
    });
  }

  #publish(publish: Publish): void {
    if (this.#routes.has("publish")) return this.#publishes.add(publish);
    const message = "there is no route for publishing";
    this.#sayLater({ type: "error", ref: publish.ref, code: "forbidden", message });
  }

  #receive(event: ReceivedEvent): void {
    const isPong = event.event === "pusher:pong";
    if (!isPong) this.#topics.receive(event);
    // Every event is a sign of life, also one that the channel does not receive, such as a
    // repetition.
    if (isPong || this.#options.clock.now() - this.#saidAt > QUIET) this.#say({ type: "pong" });
  }

  #scheduleCheck(): void {
    const { clock, positionCheck, random } = this.#options;
    // Spread over time, so that clients do not all read at the same moment.
    this.#cancelCheck = clock.after(positionCheck * (0.8 + random() * 0.2), () => {
      this.#topics.check();
      this.#scheduleCheck();
    });
  }

  #emit(event: string, data: unknown): void {
    if (!this.#closed && !this.#connection.send(event, data))
      this.close({ code: "link_lost", reason: "the connection is gone" });
  }

  #say(message: ServerMessage): void {
    if (this.#closed) return;
    this.#saidAt = this.#options.clock.now();
    this.#observer.message(message);
  }

  #sayLater(message: ServerMessage): void {
    queueMicrotask(() => this.#say(message));
  }
}
