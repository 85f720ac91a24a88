/**
 * Whether the hub can reach its backplane: reports the first failure of an outage and none of those
 * that follow from it, which may be one for each topic.
 */
import type { Clock } from "../clock.ts";
import { BellwireError } from "../errors.ts";
import type { HubEmitter } from "./hub-events.ts";

/** The two ways in which a hub uses its backplane by itself. */
type Way = "checks" | "messages";

export interface OutageOptions {
  readonly clock: Clock;
  readonly events: HubEmitter;
  readonly report: (error: unknown) => void;
}

export class Outage {
  readonly #options: OutageOptions;
  /** The ways that do not work. */
  readonly #failed: Set<Way> = new Set();
  #since = 0;

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  /** A call of the backplane has failed. */
  failed(way: Way, error: unknown): void {
    const { clock, events, report } = this.#options;
    const first = this.#failed.size === 0;
    this.#failed.add(way);
    if (!first) return;
    this.#since = clock.now();
    report(error);
    events.emit("backplaneLost", () => ({ error }));
  }

  /** Calls work. Returns whether they failed before. */
  worked(way: Way): boolean {
    const { clock, events } = this.#options;
    if (!this.#failed.delete(way)) return false;
    const milliseconds = clock.now() - this.#since;
    if (this.#failed.size === 0) events.emit("backplaneBack", () => ({ milliseconds }));
    return true;
  }
}

/** The error of a call that the backplane neither carries out nor refuses. */
export function noAnswer(): BellwireError {
  return new BellwireError("overloaded", "the backplane does not answer");
}
