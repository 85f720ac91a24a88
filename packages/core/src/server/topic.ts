/** One topic of a hub while somebody is subscribed: fans out what the backplane appends, and joins readers without a seam. */
import type { Link } from "../link.ts";
import type { Position, ServerMessage } from "../protocol/messages.ts";
import type { Backplane, Entry, History } from "./backplane.ts";
import { type Batch, control, type Outgoing, type SlowReaderPolicy } from "./outgoing.ts";
import { PRESENCE_EVENT, type Presence } from "./presence.ts";

/** A link's way out, as a topic sees it. */
export interface Reader {
  /** The id of the channel behind it, compared with an entry's `exclude`. */
  readonly session: string;
  readonly link: Link<ServerMessage>;
  /** Adds a message to what it is due in this tick. */
  push(item: Outgoing): void;
  /** Hands a whole tick's batch to the link, or holds it back from a slow one. */
  send(batch: Batch): void;
}

/**
 * Everybody who is due the same messages, by link: a fan-out goes along the keys, as on a thousand links every further object that is
 * touched is a cache miss. MUST change only after {@link Distributor.spread}, and MUST NOT hold a reader whose link was closed.
 */
export type Audience = ReadonlyMap<Link<ServerMessage>, Reader>;

/** How a topic reaches all of its readers. */
export interface Distributor {
  fanOut(audience: Audience, item: Outgoing): void;
  /** MUST be called before an audience changes. */
  spread(): void;
}

/** How entries of one topic become messages. */
export interface TopicRules {
  readonly policy: SlowReaderPolicy;
  /** The conflation key of an entry, when its event is conflated. */
  key(entry: Entry): string | undefined;
}

interface Joining {
  readonly held: Entry[];
  /** Where the reader stands once its replay was sent; undefined while the log is being read. */
  cursor: number | undefined;
  /** Everyone was told of a gap while the log was being read: what was read may end before it, and what was held back began after. */
  overtaken: boolean;
}

export class Topic {
  readonly name: string;
  /** On `presence-` topics. */
  readonly presence: Presence | undefined;
  readonly #backplane: Backplane;
  readonly #distributor: Distributor;
  readonly #rules: TopicRules;
  readonly #limit: number;
  readonly #failed: (error: unknown) => void;
  readonly #live: Map<Link<ServerMessage>, Reader> = new Map();
  readonly #joining: Map<Reader, Joining> = new Map();
  #head: Position | undefined;
  #saidHead: number | undefined;
  #repairing = false;
  /** Something was delivered while the log was being read, and may be missing from what was read. */
  #repairAgain = false;
  #stop: (() => void) | undefined;
  #closed = false;
  /** Resolves once the backplane delivers and the head is known. */
  readonly ready: Promise<void>;

  constructor(
    name: string,
    backplane: Backplane,
    distributor: Distributor,
    rules: TopicRules,
    limit: number,
    presence: Presence | undefined,
    failed: (error: unknown) => void,
  ) {
    this.name = name;
    this.presence = presence;
    this.#backplane = backplane;
    this.#distributor = distributor;
    this.#rules = rules;
    this.#limit = limit;
    this.#failed = failed;
    this.ready = this.#start();
    // Whoever joins sees the failure; without a reader it is nobody's.
    this.ready.catch(() => {});
  }

  get unused(): boolean {
    return this.#live.size === 0 && this.#joining.size === 0 && (this.presence?.unused ?? true);
  }

  /**
   * Subscribes a reader. `reply` is called once, synchronously before anything of the topic is pushed to the reader, with where
   * the reader stands. Resolves to false when the reader left, or joined again, in the meantime.
   */
  async join(
    reader: Reader,
    after: Position | undefined,
    reply: (history: History) => void,
  ): Promise<boolean> {
    this.#dismiss(reader);
    const joining: Joining = { held: [], cursor: undefined, overtaken: false };
    this.#joining.set(reader, joining);
    let history: History;
    try {
      await this.ready;
      for (;;) {
        joining.overtaken = false;
        history = await this.#backplane.read(this.name, after, this.#limit);
        if (this.#closed) break;
        if (joining.overtaken) continue;
        if (history.head.epoch === this.#head?.epoch) break;
        // The topic was renumbered: what was held back belongs to one numbering, what was read to the other.
        await this.#repair();
      }
    } catch (error) {
      if (this.#joining.get(reader) === joining) this.#joining.delete(reader);
      throw error;
    }
    if (this.#joining.get(reader) !== joining) return false;
    reply(history);
    if (history.ok)
      for (const entry of history.entries)
        this.#push(reader, this.#outgoing(history.head.epoch, entry), entry);
    // The log may be ahead of what the backplane has delivered to us so far, or behind it; the cursor settles both.
    joining.cursor = history.head.offset;
    for (const entry of joining.held) this.#pushAfter(reader, joining, entry);
    joining.held.length = 0;
    this.#settle(reader, joining);
    return true;
  }

  /** `lost`: the reader may come back. */
  leave(reader: Reader, lost: boolean): void {
    this.#dismiss(reader);
    this.#joining.delete(reader);
    this.presence?.leave(reader, lost);
  }

  /** Compares with the backplane: repairs what was lost on the way here, and tells readers the head if it moved. */
  async check(): Promise<void> {
    if (!this.#head || this.#closed) return;
    this.presence?.beat();
    const known = this.#head;
    const { head } = await this.#backplane.read(this.name, undefined, 0);
    // Only a head that did not move while we asked proves a loss; otherwise the delivery may be on its way.
    if (this.#head === known && (head.epoch !== known.epoch || head.offset > known.offset))
      await this.#repair();
    const { offset } = this.#head;
    if (offset === this.#saidHead) return;
    this.#saidHead = offset;
    const message = control({ type: "head", topic: this.name, position: this.#head });
    this.#distributor.fanOut(this.#live, message);
  }

  close(): void {
    this.#closed = true;
    this.presence?.close();
    this.#stop?.();
  }

  async #start(): Promise<void> {
    const stop = await this.#backplane.listen(this.name, this.#receive);
    if (this.#closed) return stop();
    this.#stop = stop;
    this.presence?.start();
    const { head } = await this.#backplane.read(this.name, undefined, 0);
    // Deliveries that came in the meantime know better.
    this.#head ??= head;
    this.#saidHead ??= this.#head.offset;
  }

  readonly #receive = (epoch: string, entry: Entry): void => {
    if (entry.event === PRESENCE_EVENT) return this.presence?.receive(entry.json);
    if (entry.offset === 0) return this.#fanOut(epoch, entry);
    // Before the first head is known, the first delivery tells it.
    const head = (this.#head ??= { epoch, offset: entry.offset - 1 });
    if (epoch === head.epoch && entry.offset <= head.offset) return;
    if (epoch !== head.epoch || entry.offset > head.offset + 1 || this.#repairing) {
      this.#repair().catch(this.#failed);
      return;
    }
    this.#head = { epoch, offset: entry.offset };
    this.#fanOut(epoch, entry);
  };

  /** Reads what the backplane did not deliver; what cannot be read any more becomes a gap for everyone. */
  async #repair(): Promise<void> {
    this.#repairAgain = true;
    if (this.#repairing) return;
    this.#repairing = true;
    try {
      for (;;) {
        this.#repairAgain = false;
        const before = this.#head;
        const history = await this.#backplane.read(this.name, before, this.#limit);
        if (this.#closed) return;
        if (history.ok) {
          for (const entry of history.entries) {
            this.#head = { epoch: history.head.epoch, offset: entry.offset };
            this.#fanOut(history.head.epoch, entry);
          }
          if (history.entries.length === 0 && !this.#repairAgain) return;
        } else {
          this.#head = history.head;
          const gap = {
            type: "gap",
            topic: this.name,
            position: history.head,
            reason: history.reason,
          } as const;
          const message = control(gap);
          this.#distributor.fanOut(this.#live, message);
          for (const [reader, joining] of this.#joining) {
            if (joining.cursor === undefined) {
              joining.held.length = 0;
              joining.overtaken = true;
            } else {
              // What it was replayed may reach as far as this gap does, and then it has lost nothing.
              const covered = before?.epoch === history.head.epoch && joining.cursor >= history.head.offset;
              if (!covered) {
                reader.push(message);
                joining.cursor = history.head.offset;
              }
              this.#settle(reader, joining);
            }
          }
        }
      }
    } finally {
      this.#repairing = false;
    }
  }

  #fanOut(epoch: string, entry: Entry): void {
    const item = this.#outgoing(epoch, entry);
    if (entry.exclude === undefined) this.#distributor.fanOut(this.#live, item);
    else for (const reader of this.#live.values()) this.#push(reader, item, entry);
    for (const [reader, joining] of this.#joining) {
      if (joining.cursor === undefined) joining.held.push(entry);
      else {
        this.#pushAfter(reader, joining, entry);
        this.#settle(reader, joining);
      }
    }
  }

  #dismiss(reader: Reader): void {
    if (!this.#live.has(reader.link)) return;
    this.#distributor.spread();
    this.#live.delete(reader.link);
  }

  #pushAfter(reader: Reader, joining: Joining, entry: Entry): void {
    if (entry.offset !== 0 && entry.offset <= (joining.cursor ?? 0)) return;
    this.#push(reader, this.#outgoing(this.#head?.epoch ?? "", entry), entry);
    if (entry.offset !== 0) joining.cursor = entry.offset;
  }

  #settle(reader: Reader, joining: Joining): void {
    if ((this.#head?.offset ?? 0) < (joining.cursor ?? 0)) return;
    this.#joining.delete(reader);
    this.#distributor.spread();
    this.#live.set(reader.link, reader);
  }

  #push(reader: Reader, item: Outgoing, entry: Entry): void {
    if (entry.exclude === undefined || entry.exclude !== reader.session) reader.push(item);
    else if (entry.offset > 0) reader.push(control({ type: "skip", topic: this.name, offset: entry.offset }));
  }

  #outgoing(epoch: string, entry: Entry): Outgoing {
    const { name } = this;
    const { offset } = entry;
    const message = {
      type: "notification",
      topic: name,
      event: entry.event,
      json: entry.json,
      // Most wires send `json` as it is; the others parse it once, whoever asks first.
      get data(): unknown {
        const data: unknown = JSON.parse(entry.json);
        Object.defineProperty(this, "data", { value: data, enumerable: true });
        return data;
      },
      offset,
      time: entry.time,
      ...(entry.id !== undefined && { id: entry.id }),
    } as const;
    const bytes = entry.json.length + name.length + entry.event.length + 48;
    return {
      message,
      bytes,
      topic: { name, epoch, offset, policy: this.#rules.policy, key: this.#rules.key(entry) },
    };
  }
}
