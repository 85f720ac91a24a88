/**
 * The keys and channels in Redis. docs/backplanes/redis.md describes them for programs in other
 * languages.
 */

/** The version of the layout. It is part of every key. */
export const LAYOUT = 1;

/** The names of one prefix. Everything of a topic has the topic as its hash tag. */
export class Layout {
  readonly #start: string;
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
    this.#start = `${prefix}:${LAYOUT}:{`;
  }

  /** A key whose value is the newest layout that a program has used under the prefix. */
  get version(): string {
    return `${this.prefix}:layout`;
  }

  /** A hash: `epoch`, `head`, `engine`, and `bytes`, the size of everything appended so far. */
  meta(topic: string): string {
    return `${this.#start}${topic}}:meta`;
  }

  /** A stream, with an entry `OFFSET-0` for each notification that is kept. */
  log(topic: string): string {
    return `${this.#start}${topic}}:log`;
  }

  /** The keys of the numbering and of the log. */
  keys(topic: string): readonly [meta: string, log: string] {
    return [this.meta(topic), this.log(topic)];
  }

  /** The position of an id's first append, as `EPOCH OFFSET`. An id has no space. */
  id(topic: string, id: string, publisher: string | undefined): string {
    return `${this.#start}${topic}}:id:${id}${publisher === undefined ? "" : ` ${publisher}`}`;
  }

  /** The channel on which every notification of a topic is published. */
  channel(topic: string): string {
    return `${this.#start}${topic}}:live`;
  }

  /** The topic of a channel. */
  topicOf(channel: string): string {
    return channel.slice(this.#start.length, -"}:live".length);
  }
}
