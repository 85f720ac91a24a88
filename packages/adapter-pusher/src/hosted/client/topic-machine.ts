/**
 * Decides what a channel hears of one topic of a provider that loses, doubles and reorders. Pure: it performs nothing, and knows no
 * time. What it says follows PROTOCOL.md: in order and once, or a gap first.
 *
 *   joining ──joined──▶ reading ──answer──▶ live ──hole, then patience──▶ reading
 *
 * With a history, a hole is read from it. Without one it becomes a gap, and so does every new link; the offsets are then this
 * end's own, because nobody can say where the topic stands before its next notification.
 */
import { ERRORS, type Position } from "@bellwire/core";
import { type Failed, type Notified, type ServerMessage, type Skip } from "@bellwire/core/adapter";
import { type Arrival, Held } from "./held.ts";
import { after, isSame } from "./place.ts";

/** What has to be done, in this order. */
export type TopicEffect =
  | { readonly do: "say"; readonly message: ServerMessage }
  /** Ask the provider for the channel; {@link HostedTopic.joined} or {@link HostedTopic.refused} follows. */
  | { readonly do: "join" }
  | { readonly do: "leave" }
  /** Read the history; {@link HostedTopic.read} or {@link HostedTopic.unread} with the same number follows. */
  | { readonly do: "read"; readonly number: number; readonly after: Position | undefined }
  /** Call {@link HostedTopic.waited} after as many milliseconds, or somewhat fewer. */
  | { readonly do: "wait"; readonly ms: number };

/** Why something was refused. */
export type Refusal = Pick<Failed, "code" | "message"> & { readonly retryAfter?: number | undefined };

/** Milliseconds to wait for what was overtaken; doubled while the history has it neither, up to the longest. */
const PATIENCE = 500;
const LONGEST_PATIENCE = 8_000;

export class HostedTopic {
  readonly topic: string;
  readonly #backed: boolean;
  /** Names the offsets that this end makes up where there is no history. */
  readonly #ownEpoch: string;
  #joined: "no" | "asked" | "yes" = "no";
  #pending: { readonly ref: number; readonly position: Position | undefined } | undefined;
  /** Where the topic stands, in the provider's numbers: everything up to here was said. Undefined before that is known. */
  #cursor: Position | undefined;
  /** How far what is said is ahead of the provider's numbers. */
  #shift = 0;
  #live = false;
  readonly #held: Held = new Held();
  #number = 0;
  /** Where the history is being read from. */
  #reading: { readonly after: Position | undefined } | undefined;
  #waiting = false;
  #patience: number = PATIENCE;
  #effects: TopicEffect[] = [];

  /** `history`: whether what is missing can be read. `ownEpoch` names this link's numbering where it cannot. */
  constructor(topic: string, options: { readonly history: boolean; readonly ownEpoch: string }) {
    this.topic = topic;
    this.#backed = options.history;
    this.#ownEpoch = options.ownEpoch;
  }

  /** Whether the provider has still to answer. */
  get joining(): boolean {
    return this.#joined === "asked";
  }

  /** Whether the channel was told that it is subscribed. */
  get live(): boolean {
    return this.#live;
  }

  /** Whether there is nothing left to do for it. */
  get over(): boolean {
    return this.#joined === "no" && this.#pending === undefined;
  }

  /** The channel subscribes, or subscribes again from another position. */
  subscribe(ref: number, position: Position | undefined): readonly TopicEffect[] {
    this.#pending = { ref, position };
    if (this.#joined === "no") {
      this.#joined = "asked";
      this.#effects.push({ do: "join" });
    } else if (this.#joined === "yes") this.#begin();
    return this.#done();
  }

  /** The provider has subscribed us: from now on its events come. */
  joined(): readonly TopicEffect[] {
    this.#joined = "yes";
    if (this.#pending) this.#begin();
    return this.#done();
  }

  /** The provider, or who signs for it, does not let us. */
  refused(refusal: Refusal): readonly TopicEffect[] {
    this.#joined = "no";
    this.#fail(refusal);
    return this.#done();
  }

  /** An event without a place: it is said when it comes, or never. */
  volatile(message: Notified): readonly TopicEffect[] {
    if (this.#live) this.#say(message);
    return this.#done();
  }

  /** An event without a place was lost, and nothing can bring it back. For topics without a history. */
  lost(): readonly TopicEffect[] {
    if (!this.#live) return this.#done();
    this.#shift += 1;
    this.#say({ type: "gap", topic: this.topic, position: this.#own, reason: "transport" });
    return this.#done();
  }

  /** Something came for a place of the topic. */
  arrived(place: Position, arrival: Arrival): readonly TopicEffect[] {
    const cursor = this.#cursor;
    if (place.epoch === cursor?.epoch && place.offset <= cursor.offset) return this.#done();
    if (this.#live && isSame(place, after(cursor)) && this.#isSayable(arrival))
      this.#take(place.offset, arrival);
    else {
      if (this.#held.isFull && this.#live && !this.#backed) {
        this.#jump();
        // It may have its turn now, or have had it.
        return this.arrived(place, arrival);
      }
      this.#held.add(place, arrival, this.#cursor?.epoch);
    }
    // Before that it is not known what it follows.
    if (this.#live) this.#advance();
    return this.#done();
  }

  /** What was waited for had its time. */
  waited(): readonly TopicEffect[] {
    this.#waiting = false;
    if (this.#live && !this.#reading && this.#held.size > 0) {
      if (this.#backed) this.#read(this.#cursor);
      else this.#jump();
    }
    return this.#done();
  }

  /** Compares with the history: it finds that the last event was lost, after which nothing came. */
  check(): readonly TopicEffect[] {
    if (this.#backed && this.#live && !this.#reading) this.#read(this.#cursor);
    return this.#done();
  }

  /**
   * The history has answered: everything after the position asked for, or with `gap` that it cannot, and where the topic stands. Answers
   * to earlier questions change nothing.
   */
  read(
    number: number,
    {
      position,
      gap,
      messages,
    }: Pick<Extract<ServerMessage, { type: "subscribed" }>, "position" | "gap"> & {
      readonly messages: readonly (Notified | Skip)[];
    },
  ): readonly TopicEffect[] {
    if (!this.#reading || number !== this.#number) return [];
    const asked = this.#reading.after;
    this.#reading = undefined;
    const before = this.#cursor;
    const { topic } = this;
    if (this.#pending) {
      const { ref } = this.#pending;
      this.#say({ type: "subscribed", ref, topic, position, ...(gap && { gap }) });
      this.#pending = undefined;
      this.#live = true;
      this.#cursor = position;
    } else if (gap) {
      // Who has gone on meanwhile has lost nothing yet that the history could have told.
      if (gap !== "epoch" && !isSame(asked, before)) {
        this.#advance();
        return this.#done();
      }
      this.#say({ type: "gap", topic, position, reason: gap });
      this.#cursor = position;
    }
    if (!gap) {
      for (const message of messages)
        this.#take(
          message.offset,
          message.type === "skip" ? { kind: "skip" } : { kind: "notification", message },
        );
    }
    // What came before the answer and belongs to another numbering is from before it was renumbered.
    this.#held.keepAfter(this.#cursor);
    if (isSame(before, this.#cursor)) this.#giveTime();
    else this.#patience = PATIENCE;
    this.#advance();
    return this.#done();
  }

  /** The history could not be read. */
  unread(number: number, refusal: Refusal): readonly TopicEffect[] {
    if (!this.#reading || number !== this.#number) return [];
    this.#reading = undefined;
    const rest = this.#giveTime();
    const retryAfter = refusal.retryAfter ?? rest;
    if (this.#pending || !ERRORS[refusal.code].retryable) this.#fail({ ...refusal, retryAfter });
    else if (this.#held.size > 0) this.#wait(Math.max(rest, retryAfter));
    return this.#done();
  }

  /** The channel leaves. */
  left(): readonly TopicEffect[] {
    this.#end();
    return this.#done();
  }

  #begin(): void {
    const { position } = this.#pending ?? {};
    this.#live = false;
    if (this.#backed) {
      this.#cursor = undefined;
      return this.#read(position);
    }
    const own = this.#own;
    const unbroken = !position || (position.epoch === own.epoch && position.offset === own.offset);
    const { ref } = this.#pending ?? { ref: 0 };
    this.#pending = undefined;
    this.#live = true;
    this.#say({
      type: "subscribed",
      ref,
      topic: this.topic,
      position: own,
      ...(!unbroken && { gap: "transport" }),
    });
    this.#advance();
  }

  /** Where the topic stands in this end's own numbers. */
  get #own(): Position {
    return { epoch: this.#ownEpoch, offset: (this.#cursor?.offset ?? 0) + this.#shift };
  }

  /** Says whatever follows the cursor; waits when something in between is missing. */
  #advance(): void {
    for (;;) {
      const next = after(this.#cursor);
      const arrival = next && this.#held.get(next);
      if (!arrival || !this.#isSayable(arrival)) break;
      this.#take(next.offset, arrival);
    }
    if (this.#held.size > 0) this.#wait(this.#patience);
  }

  #isSayable({ kind }: Arrival): boolean {
    return kind !== "stored" || !this.#backed;
  }

  /** Says what came for the place after the cursor. What is before it was said; what is beyond it is not its turn. */
  #take(offset: number, arrival: Arrival): void {
    const cursor = this.#cursor;
    if (!cursor || offset !== cursor.offset + 1) return;
    this.#cursor = { epoch: cursor.epoch, offset };
    this.#held.delete(this.#cursor);
    const shown = offset + this.#shift;
    const { topic } = this;
    if (arrival.kind === "notification") this.#say({ ...arrival.message, offset: shown });
    else if (arrival.kind === "skip") this.#say({ type: "skip", topic, offset: shown });
    else
      this.#say({
        type: "gap",
        topic,
        position: { epoch: this.#ownEpoch, offset: shown },
        reason: "transport",
      });
  }

  /** Gives up what is missing where nothing can be read: goes on with the earliest that came. */
  #jump(): void {
    const first = this.#held.first;
    if (!first) return;
    const { epoch, offset } = first;
    const cursor = this.#cursor;
    if (cursor) {
      // The numbers that this end says go on, over as many as are missing; in another numbering nobody knows how many.
      const shown = cursor.offset + this.#shift;
      const reached = epoch === cursor.epoch ? offset - 1 + this.#shift : shown;
      this.#shift = reached - (offset - 1);
      const position = { epoch: this.#ownEpoch, offset: reached };
      this.#say({ type: "gap", topic: this.topic, position, reason: "transport" });
    } else this.#shift = 1 - offset;
    this.#cursor = { epoch, offset: offset - 1 };
    this.#advance();
  }

  #read(from: Position | undefined): void {
    this.#number += 1;
    this.#reading = { after: from };
    this.#effects.push({ do: "read", number: this.#number, after: from });
  }

  #wait(ms: number): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#effects.push({ do: "wait", ms });
  }

  /** The patience of now; it is longer the next time. */
  #giveTime(): number {
    const rest = this.#patience;
    this.#patience = Math.min(rest * 2, LONGEST_PATIENCE);
    return rest;
  }

  #fail({ code, message, retryAfter }: Refusal): void {
    const { retryable } = ERRORS[code];
    const about = this.#pending ? { ref: this.#pending.ref } : { topic: this.topic };
    const later = retryable && retryAfter !== undefined ? { retryAfter } : {};
    this.#say({ type: "error", ...about, code, message, ...later });
    // The channel asks again with another subscribe, and the provider need not be asked again for that.
    if (retryable) this.#pending = undefined;
    else this.#end();
  }

  #end(): void {
    if (this.#joined !== "no") this.#effects.push({ do: "leave" });
    this.#joined = "no";
    this.#pending = undefined;
    this.#live = false;
    this.#reading = undefined;
    this.#cursor = undefined;
    this.#held.keepAfter(undefined);
  }

  #say(message: ServerMessage): void {
    this.#effects.push({ do: "say", message });
  }

  #done(): readonly TopicEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
}
