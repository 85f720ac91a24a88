/** The streams of one endpoint: each ends with its connection, and all of them receive comments. */
import type { Exchange } from "./exchange.ts";
import type { StreamLink } from "./stream-link.ts";

/** The links whose streams are open. */
export class OpenStreams {
  readonly #every: number;
  readonly #links: Set<StreamLink> = new Set();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `every` is the number of milliseconds between two comments. */
  constructor(every: number) {
    this.#every = every;
  }

  /** Keeps a link until the exchange that carries its stream ends, and then calls `release`. */
  keep(exchange: Exchange, link: StreamLink, release?: () => void): void {
    this.#links.add(link);
    this.#timer ??= this.#startComments();
    exchange.onEnd(() => {
      this.#links.delete(link);
      release?.();
      if (this.#links.size === 0) {
        clearInterval(this.#timer);
        this.#timer = undefined;
      }
      link.ended();
    });
  }

  /** One timer serves all streams. */
  #startComments(): ReturnType<typeof setInterval> {
    const timer = setInterval(() => {
      for (const link of this.#links) link.comment();
    }, this.#every);
    // A timer of Node's would keep the process alive; other runtimes return a number.
    const started: unknown = timer;
    if (typeof started === "object" && started !== null && "unref" in started)
      (started as { unref(): void }).unref();
    return timer;
  }
}
