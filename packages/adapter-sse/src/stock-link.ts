/**
 * The link of a stock client, which asks by URL and cannot answer: this end says hello and subscribes in its place. The response
 * begins only when the hub has agreed to every topic, so that a refusal is an HTTP status, at which EventSource stops for good
 * instead of coming back for ever.
 */

import { type CloseCause, type Position } from "@bellwire/core";
import { type ClientMessage, PROTOCOL_VERSION, type ServerMessage } from "@bellwire/core/adapter";
import type { Handshake, LinkAcceptor } from "@bellwire/core/server";
import { Cursor } from "./cursor.ts";
import type { Sink } from "./exchange.ts";
import { errorText, gapText, readyText, retryText } from "./stock-events.ts";
import { StreamLink } from "./stream-link.ts";

/** What a stock client asked for. */
export interface StockRequest {
  /** Without repetition. */
  readonly topics: readonly string[];
  /** Where the topics that it resumes stand. */
  readonly positions: ReadonlyMap<string, Position>;
  readonly token: string | undefined;
}

/** The response that waits for the hub's verdict; one of the two is called, once. */
export interface PendingResponse {
  start(): Sink;
  /** Answers with the cause's HTTP status. `topic` is the one that was refused. */
  refuse(cause: CloseCause & { readonly topic?: string }): void;
}

/** EventSource comes back after a time between these, in milliseconds: spread out, or a restart brings all of them at once. */
const RETRY_FROM = 500;
const RETRY_TO = 3_000;

type Subscribed = Extract<ServerMessage, { type: "subscribed" }>;

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
    const { topics, positions } = this.#request;
    for (const [index, topic] of topics.entries()) {
      const position = positions.get(topic);
      this.#say({ type: "subscribe", ref: index + 1, topic, ...(position && { position }) });
    }
  }

  /** What arrives before all topics have answered is written after the ready event, whose cursor it moves. */
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
    sink.write(sink.wire.frame(`${retry}${gaps.join("")}${readyText(this.#cursor)}`));
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
      const { bytes, cursor } = sink.wire.stock(batch, this.#cursor);
      this.#cursor = cursor;
      if (bytes) sink.write(bytes);
    } catch {
      return this.close({ code: "internal", reason: "a message could not be encoded" });
    }
    // Nothing can come any more. EventSource comes back, and learns by the status whether it is still allowed.
    if (this.#cursor.topics.length === 0) this.close({ code: "normal", reason: "no subscription is left" });
  }
}
