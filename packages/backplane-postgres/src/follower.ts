/**
 * Delivers the entries of topics that have listeners. Hints and polls only say which topics to look
 * at: the entries come from the log, in the order of their offsets.
 */
import type { Position } from "@bellwire/core";
import type { Entry, EntryListener, NewEntry } from "@bellwire/core/server";
import type { Ear } from "./ear.ts";
import type { Engine } from "./engine.ts";
import { closedError } from "./failures.ts";
import type { Appended } from "./lane.ts";
import { COLUMNS, entryOf, type Reader } from "./reader.ts";

/** Topics of one look, and entries that it takes of each topic and of all. */
const TOPICS = 100;
const EACH = 100;
const ALL = 500;

/** Milliseconds between two polls, which find what hints did not say. */
const POLL = 5_000;

interface Followed {
  readonly listeners: Set<EntryListener>;
  /** The position up to which entries were delivered; undefined until it was read. */
  known: Position | undefined;
  readonly ready: Promise<void>;
}

export class Follower {
  readonly #engine: Engine;
  readonly #reader: Reader;
  readonly #ear: () => Ear;
  readonly #topics: Map<string, Followed> = new Map();
  readonly #due: Set<string> = new Set();
  /** The topics that the look under way asks for. */
  #asked: ReadonlySet<string> = new Set();
  #looking = false;
  #polling = false;

  constructor(engine: Engine, reader: Reader, ear: () => Ear) {
    this.#engine = engine;
    this.#reader = reader;
    this.#ear = ear;
  }

  /** The topics with listeners. */
  get topics(): readonly string[] {
    return Array.from(this.#topics.keys());
  }

  has(topic: string): boolean {
    return this.#topics.has(topic);
  }

  async listen(topic: string, listener: EntryListener): Promise<() => void> {
    if (this.#engine.closed) throw closedError();
    const followed = this.#follow(topic);
    // The same function may listen twice.
    const own: EntryListener = (epoch, entry) => listener(epoch, entry);
    followed.listeners.add(own);
    const stop = (): void => {
      followed.listeners.delete(own);
      if (followed.listeners.size === 0 && this.#topics.get(topic) === followed) this.#topics.delete(topic);
    };
    try {
      await followed.ready;
    } catch (error) {
      stop();
      throw error;
    }
    return stop;
  }

  /** Topics may have new entries. */
  look(topics: readonly string[]): void {
    for (const topic of topics) if (this.#topics.has(topic)) this.#due.add(topic);
    if (this.#due.size > 0 && !this.#looking) void this.#lookAround();
  }

  /** Entries that this instance has appended need not be read, where they come next. */
  appended(topic: string, entries: readonly (readonly [NewEntry, Appended])[]): void {
    const followed = this.#topics.get(topic);
    if (!followed) return;
    for (const [{ id, event, json, time, exclude }, { epoch, offset }] of entries) {
      const { known } = followed;
      const next = known?.epoch === epoch && known.offset + 1 === offset;
      if (next && !this.#asked.has(topic) && !this.#due.has(topic))
        this.#deliver(followed, epoch, { id, event, json, time, exclude, offset });
      else if (known?.epoch !== epoch || offset > known.offset) this.look([topic]);
    }
  }

  volatile(topic: string, entry: Entry): void {
    const followed = this.#topics.get(topic);
    if (followed) this.#hand(followed, followed.known?.epoch ?? "", entry);
  }

  /** Compares the heads of all topics. Failures are left to the next poll. */
  async poll(): Promise<void> {
    if (this.#polling || this.#engine.closed || this.#topics.size === 0) return;
    this.#polling = true;
    try {
      await Promise.all(this.topics.map((topic) => this.#compare(topic)));
    } catch {
      // Hubs compare positions as well, and report.
    } finally {
      this.#polling = false;
    }
  }

  /** Polls again and again until the backplane closes. */
  async pollForEver(): Promise<void> {
    while (!this.#engine.closed) {
      await this.#engine.pause(POLL * (0.8 + 0.4 * Math.random()));
      await this.poll();
    }
  }

  close(): void {
    for (const { listeners } of this.#topics.values()) listeners.clear();
    this.#topics.clear();
    this.#due.clear();
  }

  #follow(topic: string): Followed {
    const before = this.#topics.get(topic);
    if (before) return before;
    const followed: Followed = { listeners: new Set(), known: undefined, ready: this.#begin(topic) };
    this.#topics.set(topic, followed);
    followed.ready.catch(() => {
      // The next listener tries again.
      if (this.#topics.get(topic) === followed) this.#topics.delete(topic);
    });
    return followed;
  }

  async #begin(topic: string): Promise<void> {
    await this.#ear().open();
    const { head } = await this.#reader.read(topic, undefined, 0);
    const followed = this.#topics.get(topic);
    if (followed) followed.known ??= head;
  }

  async #compare(topic: string): Promise<void> {
    const { head } = await this.#reader.read(topic, undefined, 0);
    const known = this.#topics.get(topic)?.known;
    if (known && (known.epoch !== head.epoch || known.offset < head.offset)) this.look([topic]);
  }

  async #lookAround(): Promise<void> {
    this.#looking = true;
    try {
      while (this.#due.size > 0) {
        const due = Array.from(this.#due).slice(0, TOPICS);
        for (const topic of due) this.#due.delete(topic);
        this.#asked = new Set(due);
        for (const topic of await this.#deliverNew(due)) this.#due.add(topic);
      }
    } catch {
      // The poll looks again.
    } finally {
      this.#asked = new Set();
      this.#looking = false;
    }
  }

  /** Delivers new entries of some topics; gives the topics that may have more. */
  async #deliverNew(topics: readonly string[]): Promise<readonly string[]> {
    const asked = topics.flatMap((topic) => {
      const known = this.#topics.get(topic)?.known;
      return known ? [{ topic, epoch: known.epoch, above: known.offset }] : [];
    });
    if (asked.length === 0) return [];
    const { of } = this.#engine.names;
    const rows = await this.#engine.query(
      `select q.topic, t.epoch, t.head::float8 as head, e.*
        from json_to_recordset($1::text::json) as q(topic text, epoch text, above bigint)
        join ${of("topics")} t on t.topic = q.topic
        left join lateral (
          select ${COLUMNS} from ${of("entries")} e
          where e.no = t.no and e."offset" > case when t.epoch = q.epoch then q.above else 0 end
          order by e."offset" limit ${EACH}
        ) e on true
        order by q.topic, e."offset" limit ${ALL}`,
      [JSON.stringify(asked)],
    );
    const heads = new Map<string, Position>();
    for (const row of rows) {
      const [topic, epoch, offset] = [row["topic"], row["epoch"], row["head"]] as [string, string, number];
      const followed = this.#topics.get(topic);
      if (!followed) continue;
      heads.set(topic, { epoch, offset });
      const entry = entryOf(row);
      if (entry) this.#deliver(followed, epoch, entry);
      // Everything was evicted before it could be delivered; the hub's position check finds that.
      else followed.known = { epoch, offset };
    }
    return asked.flatMap(({ topic }) => {
      const head = heads.get(topic);
      const known = this.#topics.get(topic)?.known;
      // No row: the limit of all entries has cut it off.
      const more = head ? known && known.offset < head.offset : rows.length >= ALL;
      return more ? [topic] : [];
    });
  }

  #deliver(followed: Followed, epoch: string, entry: Entry): void {
    const { known } = followed;
    if (known?.epoch === epoch && entry.offset <= known.offset) return;
    followed.known = { epoch, offset: entry.offset };
    this.#hand(followed, epoch, entry);
  }

  #hand({ listeners }: Followed, epoch: string, entry: Entry): void {
    for (const listener of listeners) {
      try {
        listener(epoch, entry);
      } catch (error) {
        this.#engine.settings.onError(error);
      }
    }
  }
}
