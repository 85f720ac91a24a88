/**
 * The hub's end of a link to a stock client. Such a client asks by URL and cannot answer, so this
 * end says hello and subscribes in its place. The response begins only when the hub has admitted
 * every topic: a refusal is an HTTP status, at which EventSource stops for good instead of trying
 * for ever.
 */

import { type CloseCause } from "@bellwire/core";
import {
  type ClientMessage,
  type Handshake,
  type LinkAcceptor,
  PROTOCOL_VERSION,
  type ServerMessage,
} from "@bellwire/core/adapter";
import type { Sink } from "../connection/exchange.ts";
import { StreamLink } from "../connection/stream-link.ts";
import { Cursor } from "./cursor.ts";
import { errorText, gapText, readyText, retryText } from "./events.ts";
import type { StockRequest } from "./request.ts";

/** The response that waits for the hub's verdict. One of its methods is called, once. */
export interface PendingResponse {
  start(): Sink;
  /** Answers with the HTTP status of the cause. `topic` is the refused topic. */
  refuse(cause: CloseCause & { readonly topic?: string }): void;
}

/**
 * Milliseconds between which EventSource waits before it connects again. The times are spread, so
 * that not all clients come at once after a restart.
 */
const RETRY_FROM = 500;
const RETRY_TO = 3_000;

type Subscribed = Extract<ServerMessage, { type: "subscribed" }>;

/** One link of a stock client on the hub. */
export class StockLink extends StreamLink {
  readonly #request: StockRequest;
  readonly #response: PendingResponse;
  readonly #replies: Map<string, Subscribed> = new Map();
  #waiting: ServerMessage[] = [];
  #waitingBytes = 0;
  #cursor: Cursor = new Cursor(new Map());

  constructor(request: StockRequest, response: PendingResponse) {
    super();
    this.#request = request;
    this.#response = response;
  }

  override get buffered(): number {
    return super.buffered + this.#waitingBytes;
  }

  /** Presents the link to the hub and says hello. */
  open(hub: LinkAcceptor, handshake: Handshake): void {
    this.attach(hub.accept(this, { ...handshake, answers: false }));
    const { token } = this.#request;
    const session = crypto.randomUUID();
    this.#say({ type: "hello", protocol: PROTOCOL_VERSION, session, ...(token !== undefined && { token }) });
  }

  send(batch: readonly ServerMessage[]): void {
    if (this.closed) return;
    if (this.sink) return this.#write(batch);
    for (const message of batch) {
      if (this.closed) return;
      if (message.type === "welcome") this.#subscribe();
      else if (message.type === "subscribed") this.#replies.set(message.topic, message);
      else if (message.type === "error") return this.close({ ...message, reason: message.message });
      else this.#hold(message);
    }
    if (this.#replies.size === this.#request.topics.length) this.#begin();
  }

  protected farewell({ code, reason, retryAfter }: CloseCause): string {
    const wait = retryAfter === undefined ? "" : retryText(retryAfter);
    return `${wait}${errorText(code, reason ?? "the hub closed the stream")}`;
  }

  protected refuse(cause: CloseCause & { readonly topic?: string }): void {
    this.#response.refuse(cause);
  }

  #say(message: ClientMessage): void {
    this.observer?.message(message, 0);
  }

  #subscribe(): void {
    const { topics, positions, history } = this.#request;
    for (const [index, topic] of topics.entries()) {
      const position = positions.get(topic);
      const from = position ? { position } : history && { history };
      this.#say({ type: "subscribe", ref: index + 1, topic, ...from });
    }
  }

  /** Holds a message until all topics have answered; it is written after the ready event. */
  #hold(message: ServerMessage): void {
    this.#waiting.push(message);
    if (message.type === "notification") this.#waitingBytes += message.json?.length ?? 0;
  }

  #begin(): void {
    const { topics } = this.#request;
    const replies = topics.flatMap((topic) => this.#replies.get(topic) ?? []);
    this.#cursor = new Cursor(new Map(replies.map(({ topic, position }) => [topic, position])));
    const gaps = replies.map(({ topic, gap, position }) =>
      gap ? gapText(topic, gap, position, this.#cursor) : "",
    );
    const retry = retryText(RETRY_FROM + Math.random() * (RETRY_TO - RETRY_FROM));
    const sink = this.#response.start();
    this.begin(sink);
    sink.write(sink.encoding.frame(`${retry}${gaps.join("")}${readyText(this.#cursor)}`));
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#replies.clear();
    this.#write(waiting);
  }

  #write(batch: readonly ServerMessage[]): void {
    const { sink } = this;
    if (!sink) return;
    try {
      const { bytes, cursor } = sink.encoding.stock(batch, this.#cursor);
      this.#cursor = cursor;
      if (bytes) sink.write(bytes);
    } catch {
      return this.close({ code: "internal", reason: "a message could not be encoded" });
    }
    // No message can come any more. EventSource connects again, and the status says whether it may.
    if (this.#cursor.topics.length === 0) this.close({ code: "normal", reason: "no subscription is left" });
  }
}
