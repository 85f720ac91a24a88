/** The course of one session through the log of one topic. */
import type { Position } from "../protocol/messages.ts";
import type { SessionEntry } from "./run-log.ts";
import type { TrueLog } from "./true-log.ts";
import type { Findings, ViolationKind } from "./verdict.ts";

type Delivered = Extract<SessionEntry, { type: "delivered" }>;
type Gap = Extract<SessionEntry, { type: "gap" }>;

/** Judges the events of one session and one topic. `finish` counts everything that never came. */
export class Track {
  readonly #session: string;
  readonly #log: TrueLog;
  readonly #findings: Findings;
  /** The position of the session; undefined while it is not subscribed. */
  #cursor: Position | undefined;
  #revoked = false;
  /** The offset at which the present subscription, or epoch, began. */
  #start = 0;
  /** Offsets that were passed over without a gap, with their epoch; each may still come late. */
  readonly #missing = new Map<number, string>();
  /** Ranges that gaps covered, as (after, resumeAt]. */
  #reported: { after: number; resumeAt: number }[] = [];
  readonly #placeOfId = new Map<string, number>();

  constructor(session: string, log: TrueLog, findings: Findings) {
    this.#session = session;
    this.#log = log;
    this.#findings = findings;
  }

  take(entry: SessionEntry): void {
    switch (entry.type) {
      case "subscribed":
        this.#revoked = false;
        this.#moveTo(entry.position);
        break;
      case "unsubscribed":
        this.#moveTo(undefined);
        break;
      case "revoked":
        this.#moveTo(undefined);
        this.#revoked = true;
        break;
      case "delivered":
        this.#delivered(entry);
        break;
      case "gap":
        this.#gap(entry);
    }
  }

  /** A session that is still subscribed must stand at the end of the log. */
  finish(): void {
    const cursor = this.#cursor;
    const head = this.#log.head?.position;
    if (cursor && head) {
      if (cursor.epoch === head.epoch) this.#passOver(cursor.offset, head.offset);
      else {
        this.#found("silentGap", `stands in epoch ${cursor.epoch}; the log is in ${head.epoch}`);
        this.#moveTo({ epoch: head.epoch, offset: 0 });
        this.#passOver(0, head.offset);
      }
    }
    this.#settleMissing();
  }

  #delivered(entry: Delivered): void {
    this.#findings.delivered++;
    const { position } = entry;
    if (!this.#cursor) {
      const detail = `${at(position)} after the ${this.#revoked ? "right to it" : "subscription"} was gone`;
      this.#found(this.#revoked ? "leaked" : "phantom", detail);
      return;
    }
    if (position.offset === 0) {
      this.#volatile(entry);
      return;
    }
    if (position.epoch !== this.#cursor.epoch) {
      this.#found("wrongEpoch", `${at(position)} while standing at ${at(this.#cursor)}`);
      return;
    }
    this.#content(entry);
    const { offset } = this.#cursor;
    if (position.offset > offset) {
      const head = this.#log.headOf(position.epoch);
      if (head === undefined || position.offset > head) {
        this.#found("phantom", `${at(position)} is beyond the end of the log, ${head}`);
        return;
      }
      this.#passOver(offset, position.offset - 1);
      this.#cursor = position;
      this.#findings.expected++;
    } else if (
      this.#missing.delete(position.offset) ||
      position.offset <= this.#start ||
      this.#covered(position)
    ) {
      this.#found("outOfOrder", `${position.offset} after ${offset}`);
    } else {
      this.#found("doubled", `${position.offset} again after ${offset}`);
    }
  }

  /** Checks that this notification was published, with this data, for this topic and session. */
  #content({ id, data, position }: Delivered): void {
    const truth = this.#log.at(position);
    const known = this.#log.byId(id);
    const isStandIn = id === `${position.epoch}/${position.offset}`;
    if (!known && !(isStandIn && truth && truth.id === undefined)) {
      this.#found("phantom", `${id} at ${position.offset} was never published here`);
    } else if (truth?.id !== undefined && truth.id !== id) {
      this.#found("corrupted", `${id} at ${position.offset}, where ${truth.id} was published`);
    } else if ((truth ?? known)?.data !== data) {
      this.#found("corrupted", `the data of ${id} at ${position.offset} is not what was published`);
    }
    if (truth?.excluded === this.#session) this.#found("leaked", `${id} was to exclude this session`);
    const earlier = this.#placeOfId.get(id);
    if (earlier !== undefined && earlier !== position.offset) {
      this.#found("appendedTwice", `${id} at ${earlier} and again at ${position.offset}`);
    }
    this.#placeOfId.set(id, position.offset);
  }

  #volatile({ id, data }: Delivered): void {
    const known = this.#log.byId(id);
    if (known?.kind !== "volatile") this.#found("phantom", `volatile ${id} was never published here`);
    else if (known.data !== data) this.#found("corrupted", `the data of volatile ${id}`);
    if (known?.excluded === this.#session) this.#found("leaked", `${id} was to exclude this session`);
    if (this.#placeOfId.has(id)) this.#found("doubled", `volatile ${id}`);
    this.#placeOfId.set(id, 0);
  }

  #gap({ after, resumeAt, reason }: Gap): void {
    this.#findings.gaps++;
    const cursor = this.#cursor;
    if (!cursor) {
      if (after && resumeAt) this.#found("falseGap", `${reason} while not subscribed`);
      this.#moveTo(resumeAt ?? undefined);
      return;
    }
    // Between the session's position and the gap's, only excused notifications may lie.
    if (after && (after.epoch !== cursor.epoch || !this.#excusesAll(cursor.offset, after.offset))) {
      this.#found("falseGap", `${reason} after ${at(after)} while standing at ${at(cursor)}`);
    }
    if (resumeAt?.epoch === cursor.epoch) this.#gapWithinEpoch(cursor, after ?? cursor, resumeAt, reason);
    else if (resumeAt && reason !== "epoch" && reason !== "transport") {
      this.#found("wrongEpoch", `${reason} from ${at(cursor)} to ${at(resumeAt)}`);
    }
    if (!resumeAt || resumeAt.epoch !== cursor.epoch) this.#moveTo(resumeAt ?? undefined);
    else if (resumeAt.offset > cursor.offset) this.#cursor = resumeAt;
  }

  #gapWithinEpoch(cursor: Position, after: Position, resumeAt: Position, reason: Gap["reason"]): void {
    const { epoch, offset } = cursor;
    let due = 0;
    const last = Math.min(resumeAt.offset, this.#log.headOf(epoch) ?? 0);
    for (let next = offset + 1; next <= last; next++) {
      if (!this.#log.excuses(this.#session, epoch, next)) due++;
    }
    this.#findings.expected += due;
    this.#findings.reportedLost += due;
    this.#reported.push({ after: offset, resumeAt: resumeAt.offset });
    if (reason === "epoch" || reason === "transport") return;
    // An evicted entry no longer names its excluded session, so a gap over excused ones is honest.
    const length = resumeAt.offset - Math.max(offset, after.offset);
    const window = reason === "evicted" || reason === "limit" ? (this.#log.head?.window ?? 0) : 0;
    if (length <= window)
      this.#found("falseGap", `${reason} over ${length} after ${offset}, window ${window}`);
  }

  /** Notes everything in (after, through] that the session should have received. */
  #passOver(after: number, through: number): void {
    const epoch = this.#cursor?.epoch ?? "";
    for (let offset = after + 1; offset <= through; offset++) {
      if (this.#log.excuses(this.#session, epoch, offset)) continue;
      this.#findings.expected++;
      this.#missing.set(offset, epoch);
    }
  }

  #moveTo(position: Position | undefined): void {
    this.#settleMissing();
    // A hub that lost its log and its ids may append a repeated publish once more.
    if (position?.epoch !== this.#cursor?.epoch) this.#placeOfId.clear();
    this.#cursor = position;
    this.#start = position?.offset ?? 0;
    this.#reported = [];
  }

  #settleMissing(): void {
    let previous = Number.NaN;
    for (const [offset, epoch] of this.#missing) {
      if (offset !== previous + 1) this.#found("silentGap", `nothing was said of ${offset} in ${epoch}`);
      this.#found("lost", `${epoch}/${offset}`);
      previous = offset;
    }
    this.#missing.clear();
  }

  #excusesAll(after: number, through: number): boolean {
    if (through < after) return false;
    for (let offset = after + 1; offset <= through; offset++) {
      if (!this.#log.excuses(this.#session, this.#cursor?.epoch ?? "", offset)) return false;
    }
    return true;
  }

  #covered({ offset }: Position): boolean {
    return this.#reported.some(({ after, resumeAt }) => offset > after && offset <= resumeAt);
  }

  #found(kind: ViolationKind, detail: string): void {
    this.#findings.found(kind, this.#session, this.#log.topic, detail);
  }
}

function at({ epoch, offset }: Position): string {
  return `${epoch}/${offset}`;
}
