/**
 * Compares the notifications of the same topics over two transports, one by one; performs nothing.
 * Both transports lead to one hub, so a topic, its epoch and an offset name the same notification
 * on both. The machine of a channel's subscriptions says which notifications are delivered, doubled
 * or out of turn, so that both transports are judged by what an application would receive.
 */
import {
  type Stream,
  type StreamEffect,
  type StreamEvent,
  streamStep,
} from "../client/subscription-machine.ts";
import type { Position } from "../protocol/messages.ts";
import type { Side, Tally } from "./report.ts";

/**
 * Notifications of one channel that may wait for their counterpart on the other transport. With one
 * more, the oldest is judged as it stands.
 */
export const HELD = 4_096;
/** Ranges of a lane that the ledger remembers as not coming. */
const RANGES = 64;
/**
 * Epochs of a topic that are compared at a time: the current one and, for the transport that is
 * behind, the one before.
 */
const EPOCHS = 2;

/** A topic in one epoch. */
interface Lane {
  readonly id: number;
  readonly topic: string;
  /**
   * The position from which everything was due on each transport; absent where it has not
   * subscribed.
   */
  readonly from: Partial<Record<Side, number>>;
  /**
   * Ranges that do not come over a transport though they are due: lost with a gap, and otherwise
   * superseded or excluded.
   */
  readonly passed: Readonly<Record<Side, Range[]>>;
}

/** Offsets after `after`, up to and including `to`. */
interface Range {
  readonly after: number;
  readonly to: number;
  readonly gap: boolean;
}

interface Track {
  readonly topic: string;
  readonly streams: Record<Side, Stream>;
  readonly lanes: Map<string, Lane>;
}

/** A notification that has come over one transport. */
interface Held {
  readonly lane: Lane;
  readonly offset: number;
  readonly side: Side;
  readonly at: number;
}

const OTHER: Readonly<Record<Side, Side>> = { primary: "candidate", candidate: "primary" };
const FRESH: Stream = { state: "detached", cursor: undefined, ref: 0 };

/** The ledger of one channel. Times are milliseconds of one monotonic clock. */
export class CanaryLedger {
  readonly #tally: Tally;
  readonly #window: number;
  readonly #tracks: Map<string, Track> = new Map();
  /** In the order of arrival. */
  readonly #held: Map<string, Held> = new Map();
  #lanes = 0;

  constructor(tally: Tally, window: number) {
    this.#tally = tally;
    this.#window = window;
  }

  /** The topics that are compared. */
  get topics(): readonly string[] {
    return [...this.#tracks.keys()];
  }

  /** Notifications that wait for their counterpart. */
  get held(): number {
    return this.#held.size;
  }

  /** The position of a transport in a topic. */
  state(side: Side, topic: string): Stream["state"] | undefined {
    return this.#tracks.get(topic)?.streams[side].state;
  }

  /**
   * Records that the channel subscribes over the primary. Returns whether it does so for the first
   * time, or anew.
   */
  asked(topic: string, ref: number, position: Position | undefined, now: number): boolean {
    const track = this.#tracks.get(topic);
    const joining: Stream = { state: "joining", cursor: position, ref };
    // A subscribe without a position, though there is one, is another subscription than before.
    if (track && (position || !track.streams.primary.cursor)) {
      track.streams.primary = joining;
      return false;
    }
    if (track) this.left(topic, now);
    this.#tracks.set(topic, {
      topic,
      streams: { primary: joining, candidate: FRESH },
      lanes: new Map(),
    });
    return true;
  }

  /**
   * Records an event of a topic on a transport. `ref` is a fresh reference. Returns the effects
   * that a channel performs then. The caller performs them for the candidate; on the primary the
   * channel does.
   */
  step(side: Side, topic: string, event: StreamEvent, ref: number, now: number): readonly StreamEffect[] {
    const track = this.#tracks.get(topic);
    if (!track) return [];
    const before = track.streams[side];
    const tally = this.#tally[side];
    const cursor = before.state === "live" ? before.cursor : undefined;
    if (event.type === "notification" && event.offset > 0 && cursor) {
      if (event.offset <= cursor.offset) tally.doubled += 1;
      else if (event.offset > cursor.offset + 1) tally.disorder += 1;
    }
    const { next, effects } = streamStep(before, event, ref);
    track.streams[side] = next;
    if (event.type === "skip" && cursor && next.cursor)
      this.#passed(this.#lane(track, cursor.epoch, now), side, cursor.offset, next.cursor.offset, false);
    for (const effect of effects) {
      if (effect.do === "deliver" && effect.position.offset > 0)
        this.#arrived(track, side, effect.position, now);
      else if (effect.do === "end") this.#retire(track, side, now);
      else if (effect.do === "gap") {
        const { after, resumeAt } = effect.gap;
        tally.gaps += 1;
        if (resumeAt?.epoch === after.epoch)
          this.#passed(this.#lane(track, after.epoch, now), side, after.offset, resumeAt.offset, true);
      }
    }
    if (next.state === "live" && next.cursor)
      this.#began(this.#lane(track, next.cursor.epoch, now), side, next.cursor.offset);
    return effects;
  }

  /**
   * Records that the candidate will not come back unless it is {@link revive | revived}. Nothing is
   * due on it.
   */
  retire(now: number): void {
    for (const track of this.#tracks.values()) {
      track.streams.candidate = { ...FRESH, state: "ended" };
      this.#retire(track, "candidate", now);
    }
  }

  /** Records that the candidate is tried again from the beginning. */
  revive(): void {
    for (const track of this.#tracks.values()) track.streams.candidate = FRESH;
  }

  /**
   * Stops the comparison of the topic. `since`: the time at which the primary last wanted it.
   * Notifications of the candidate after that time were not due on the primary.
   */
  left(topic: string, now: number, since = Infinity): void {
    const track = this.#tracks.get(topic);
    if (!track) return;
    for (const held of this.#of(track)) {
      if (held.side === "candidate" && held.at >= since) this.#held.delete(keyOf(held));
      else this.#giveUp(held, now);
    }
    this.#tracks.delete(topic);
  }

  /** Counts the notifications that are lost on each transport unless they still come. */
  overdue(now: number): Record<Side, number> {
    const lost = { primary: 0, candidate: 0 };
    for (const held of this.#held.values()) {
      if (now - held.at < this.#window) break;
      if (this.#isLost(held, now)) lost[OTHER[held.side]] += 1;
    }
    return lost;
  }

  #arrived({ lanes, streams, topic }: Track, side: Side, { epoch, offset }: Position, now: number): void {
    const other = OTHER[side];
    const tally = this.#tally[side];
    tally.delivered += 1;
    const lane = lanes.get(epoch) ?? this.#lane({ lanes, streams, topic }, epoch, now);
    const key = keyOf({ lane, offset });
    const like = this.#held.get(key);
    if (like) {
      if (like.side === side) return;
      this.#held.delete(key);
      this.#tally.both += 1;
      this.#tally.lag.add(side === "candidate" ? now - like.at : like.at - now);
      if (now - like.at >= this.#window) tally.late += 1;
      return;
    }
    const { state, cursor } = streams[other];
    const from = lane.from[other];
    if (state === "ended" || (from !== undefined && offset <= from)) return;
    const range = lane.passed[other].find(({ after, to }) => offset > after && offset <= to);
    if (range?.gap) this.#tally[other].lost += 1;
    // An offset that the other transport has passed, and that is remembered neither as missing nor
    // as held, came there and was judged.
    if (range || (from !== undefined && cursor?.epoch === epoch && cursor.offset >= offset)) return;
    this.#held.set(key, { lane, offset, side, at: now });
    if (this.#held.size <= HELD) return;
    for (const oldest of this.#held.values()) return this.#giveUp(oldest, now);
  }

  /** Makes everything after `offset` due on the transport. */
  #began(lane: Lane, side: Side, offset: number): void {
    if (lane.from[side] !== undefined) return;
    lane.from[side] = offset;
    for (const [key, held] of this.#held)
      if (held.lane === lane && held.side !== side && held.offset <= offset) this.#held.delete(key);
  }

  #passed(lane: Lane, side: Side, after: number, to: number, gap: boolean): void {
    // Nothing was due before the transport began.
    if (lane.from[side] === undefined || to <= after) return;
    for (const [key, held] of this.#held) {
      if (held.lane !== lane || held.side === side || held.offset <= after || held.offset > to) continue;
      this.#held.delete(key);
      if (gap) this.#tally[side].lost += 1;
    }
    const ranges = lane.passed[side];
    ranges.push({ after, to, gap });
    if (ranges.length > RANGES) ranges.shift();
  }

  /** Makes nothing more due on the transport. */
  #retire(track: Track, side: Side, now: number): void {
    for (const held of this.#of(track)) this.#giveUp(held, now);
    for (const lane of track.lanes.values()) delete lane.from[side];
  }

  #lane({ lanes, topic }: Track, epoch: string, now: number): Lane {
    const known = lanes.get(epoch);
    if (known) return known;
    this.#lanes += 1;
    const lane: Lane = { id: this.#lanes, topic, from: {}, passed: { primary: [], candidate: [] } };
    lanes.set(epoch, lane);
    for (const [oldest, { id }] of lanes) {
      if (lanes.size <= EPOCHS) break;
      for (const held of this.#held.values()) if (held.lane.id === id) this.#giveUp(held, now);
      lanes.delete(oldest);
    }
    return lane;
  }

  #of({ topic }: Track): readonly Held[] {
    return [...this.#held.values()].filter(({ lane }) => lane.topic === topic);
  }

  /** Judges a notification as it stands. */
  #giveUp(held: Held, now: number): void {
    this.#held.delete(keyOf(held));
    if (this.#isLost(held, now)) this.#tally[OTHER[held.side]].lost += 1;
  }

  #isLost({ lane, side, at }: Held, now: number): boolean {
    return lane.from[OTHER[side]] !== undefined && now - at >= this.#window;
  }
}

function keyOf({ lane, offset }: Pick<Held, "lane" | "offset">): string {
  return `${lane.id}/${offset}`;
}
