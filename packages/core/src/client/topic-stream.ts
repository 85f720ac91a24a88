/**
 * Performs the decisions of the subscription machine, for one topic and all subscriptions to it.
 */
import type { Clock } from "../clock.ts";
import { type TopicMatch, validate } from "../contract.ts";
import { BellwireError } from "../errors.ts";
import type {
  ClientMessage,
  Joined,
  Left,
  Member,
  Members,
  Notified,
  Position,
} from "../protocol/messages.ts";
import type { PositionStore } from "./positions.ts";
import { membersAfter } from "./presence.ts";
import { type Notification, type StreamView, SubscriptionHandle } from "./subscription.ts";
import { type Stream, type StreamEffect, type StreamEvent, streamStep } from "./subscription-machine.ts";

/** The parts of a channel that a stream uses. */
export interface StreamHost {
  readonly clock: Clock;
  readonly positions: PositionStore | undefined;
  ref(): number;
  send(message: ClientMessage): void;
  readonly report: (error: unknown) => void;
  /**
   * Reports that no subscription is left, or that the hub ended the stream. `ended`: the hub knows
   * already.
   */
  done(stream: TopicStream, ended: boolean): void;
}

/** Milliseconds to wait for the answer to a subscribe: longer than a hub's decision may take. */
const ANSWER = 10_000;

export class TopicStream implements StreamView {
  readonly topic: string;
  readonly #match: TopicMatch;
  readonly #host: StreamHost;
  readonly #handles: Set<SubscriptionHandle> = new Set();
  #now: Stream;
  members: ReadonlyMap<string, Member> = new Map();
  #joined = false;
  #cancelRetry: (() => void) | undefined;
  /**
   * Set once a schema was asynchronous: everything later waits here for its turn, so that order
   * holds.
   */
  #validating: Promise<void> | undefined;

  constructor(topic: string, match: TopicMatch, host: StreamHost) {
    this.topic = topic;
    this.#match = match;
    this.#host = host;
    this.#now = { state: "detached", cursor: host.positions?.load(topic), ref: 0 };
  }

  get cursor(): Position | undefined {
    return this.#now.cursor;
  }

  subscribe(): SubscriptionHandle {
    const handle: SubscriptionHandle = new SubscriptionHandle(this.topic, this, this.#host.report, () =>
      this.#left(handle),
    );
    this.#handles.add(handle);
    if (this.#joined && this.#now.cursor) handle.joined(this.#now.cursor);
    return handle;
  }

  dispatch(event: StreamEvent): void {
    const { next, effects } = streamStep(this.#now, event, this.#host.ref());
    this.#now = next;
    for (const effect of effects) this.#perform(effect);
  }

  /** Takes a message of the hub about the members. */
  presence(message: Members | Joined | Left): void {
    const change = membersAfter(this.members, message);
    this.members = change.members;
    if (change.joined.length + change.left.length > 0) this.#each((handle) => handle.changed(change));
  }

  /** Ends the subscriptions, since the channel is closed or has failed. */
  end(error: BellwireError): void {
    this.#cancelRetry?.();
    this.#each((handle) => handle.end(error));
  }

  #perform(effect: StreamEffect): void {
    switch (effect.do) {
      case "subscribe": {
        const { ref, position } = effect;
        this.#host.send({ type: "subscribe", ref, topic: this.topic, position });
        return this.#retryAfter(ANSWER);
      }
      case "deliver":
        return this.#inOrder(() => this.#deliver(effect.message, effect.position));
      case "gap": {
        const gap = { topic: this.topic, ...effect.gap };
        return this.#inOrder(() => {
          this.#each((handle) => handle.gap(gap));
          if (gap.resumeAt) this.#host.positions?.save(this.topic, gap.resumeAt);
        });
      }
      case "ready":
        return this.#ready(this.#now.cursor);
      case "retry":
        return this.#retryAfter(effect.after);
      case "end":
        this.#host.done(this, true);
        // Earlier notifications are delivered before the end.
        return this.#inOrder(() => this.end(new BellwireError(effect.code, effect.message)));
    }
  }

  #ready(cursor: Position | undefined): void {
    this.#cancelRetry?.();
    if (!cursor) return;
    this.#joined = true;
    for (const handle of this.#handles) handle.joined(cursor);
    // A program that restarts before the first notification goes on from here.
    this.#inOrder(() => this.#host.positions?.save(this.topic, cursor));
  }

  /** Subscribes again after `ms`, unless the hub has answered by then. */
  #retryAfter(ms: number): void {
    this.#cancelRetry?.();
    this.#cancelRetry = this.#host.clock.after(ms, () => this.dispatch({ type: "retry" }));
  }

  /** Runs at once, or after the validations under way. */
  #inOrder(work: () => void | Promise<void>): void {
    const result = this.#validating ? this.#validating.then(work) : work();
    if (result instanceof Promise) this.#validating = result;
  }

  #deliver(message: Notified, position: Position): void | Promise<void> {
    const found = this.#match.event(message.event);
    if (!found) {
      // A newer server may know more events than this client.
      return this.#host.report(new BellwireError("unknown_event", `${this.topic}: not in the contract`));
    }
    try {
      const data = validate(found.schema, message.data);
      if (!(data instanceof Promise)) return this.#hand(message, position, data);
      return data.then((value: unknown) => this.#hand(message, position, value), this.#host.report);
    } catch (error) {
      this.#host.report(error);
    }
  }

  #hand(message: Notified, position: Position, data: unknown): void {
    const { topic, event, offset, time } = message;
    const id = message.id ?? (offset > 0 ? `${position.epoch}/${offset}` : "");
    const notification: Notification = { id, topic, event, data, position, time };
    this.#each((handle) => handle.deliver(notification));
    if (offset > 0) this.#host.positions?.save(topic, position);
  }

  #each(tell: (handle: SubscriptionHandle) => void): void {
    for (const handle of Array.from(this.#handles)) tell(handle);
  }

  #left(handle: SubscriptionHandle): void {
    this.#handles.delete(handle);
    if (this.#handles.size > 0) return;
    this.#cancelRetry?.();
    this.#host.done(this, false);
  }
}
