/** Servers of the cluster, Bellwire's and Socket.IO's alike, as the driver speaks to them. */
import { hostNow } from "../measure/clock.ts";
import type { Published } from "./account.ts";
import type { EngineAddress } from "./engine.ts";

/** The event of every notification of the cluster. */
export const EVENT = "said";

/** The order to serve. */
export interface ServeOrder {
  readonly engine: EngineAddress;
  /** 0: any. */
  readonly port: number;
  /** Entries that a topic keeps. Default: as the library does. */
  readonly size?: number;
}

/** The process of one server. */
export interface ServerHandlers {
  serve(order: ServeOrder): Promise<number>;
  /** Publishes to the topics in turn, so many times a second, until `rest`. */
  load(topics: readonly string[], rate: number): void;
  /** Ends the load. Resolves with all that it has published. */
  rest(): Promise<readonly Published[]>;
  /** SIGKILL. */
  die(): void;
  /**
   * Leaves as a good server does when it gets SIGTERM, and ends the process. A library that can
   * tell its clients when to come back spreads their return over so many milliseconds.
   */
  leave(spread: number): Promise<void>;
}

/** Publishes number n to a topic; resolves when the next one may follow. */
export type Publish = (topic: string, n: number) => Promise<unknown>;

/** A load of publishes with consecutive numbers, in order for each topic. */
export class Load {
  readonly #publish: Publish;
  readonly #next: Map<string, number> = new Map();
  #lanes: Promise<void>[] = [];
  #published: Published[] = [];
  #runs = false;

  constructor(publish: Publish) {
    this.#publish = publish;
  }

  start(topics: readonly string[], rate: number): void {
    this.#runs = true;
    this.#published = [];
    const every = (1_000 / rate) * topics.length;
    this.#lanes = topics.map((topic, place) => this.#lane(topic, every, (every * place) / topics.length));
  }

  async rest(): Promise<readonly Published[]> {
    this.#runs = false;
    await Promise.all(this.#lanes);
    return this.#published;
  }

  async #lane(topic: string, every: number, after: number): Promise<void> {
    const first = this.#next.get(topic) ?? 1;
    const at: number[] = [];
    this.#published.push({ topic, first, at });
    const began = hostNow() + after;
    for (let n = 0; this.#runs; n += 1) {
      const wait = began + n * every - hostNow();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      if (!this.#runs) break;
      const sent = hostNow();
      await this.#publish(topic, first + at.length);
      at.push(sent);
      this.#next.set(topic, first + at.length);
    }
  }
}
