/**
 * Admission to a hub: limits the number of links, links of one user, and the rate of new links, and
 * keeps the heartbeat.
 */
import type { Clock } from "../clock.ts";
import type { CloseCause } from "../protocol/close-codes.ts";
import { TokenBucket } from "../token-bucket.ts";
import type { HubEmitter } from "./hub-events.ts";
import type { Limits } from "./limits.ts";
import type { LiveConnection } from "./live-connection.ts";
import { Refusals } from "./refusals.ts";
import type { UserLinksCounter } from "./user-links.ts";

/**
 * Milliseconds between two rounds of liveness checks, at most. A measured time holds two of them.
 */
const BEAT = 1_000;
/** The cause for new links of a closing hub; their clients reconnect after a second. */
const DRAINING: CloseCause = { code: "draining", retryAfter: 1_000 };

export interface AdmissionOptions {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly events: HubEmitter;
  readonly users: UserLinksCounter;
  readonly report: (error: unknown) => void;
}

export class Admission {
  readonly connections: Set<LiveConnection> = new Set();
  readonly #options: AdmissionOptions;
  readonly #refusals: Refusals = new Refusals();
  readonly #linkRate: TokenBucket;
  #stopBeat: (() => void) | undefined;
  #closed = false;

  constructor(options: AdmissionOptions) {
    const { clock, limits } = options;
    this.#options = options;
    this.#linkRate = new TokenBucket(limits.linkRate, limits.linkRate, clock.now());
  }

  /** The reason for which a new link would be refused. Asking counts as a new link. */
  refusal(): CloseCause | undefined {
    if (this.#closed) return DRAINING;
    const { clock, limits } = this.#options;
    const full = this.connections.size >= limits.links;
    const retryAfter = full ? 5_000 : this.#linkRate.take(1, clock.now());
    if (retryAfter === 0) return undefined;
    const limit = full
      ? `${limits.links} links, limits.links`
      : `${limits.linkRate} new links per second, limits.linkRate`;
    const cause = { code: "overloaded", reason: `at most ${limit}`, retryAfter } as const;
    this.refused(cause, "hub");
    return cause;
  }

  /**
   * Reports a refused connection or request: as an event, and to `onError` once a minute for each
   * kind.
   */
  refused(cause: CloseCause, transport: string): void {
    this.report(cause, transport);
    this.#options.events.emit("linkRefused", () => ({ transport, cause }));
  }

  /** Reports the reason of a refusal to `onError`, once a minute for each kind. */
  report(cause: CloseCause, transport: string): void {
    const error = this.#refusals.due(cause, transport, this.#options.clock.now());
    if (error) this.#options.report(error);
  }

  /** Adds a connection that has not sent its hello. */
  add(connection: LiveConnection): void {
    this.connections.add(connection);
    this.#stopBeat ??= this.#options.clock.after(this.#every, this.#beat);
    // An adapter that asked before the hub began to close may accept after it.
    if (this.#closed) queueMicrotask(() => connection.end(DRAINING));
  }

  /** Counts a connection of its user. Returns a cause when the user has too many. */
  entered({ user }: LiveConnection): CloseCause | undefined {
    if (user === undefined) return undefined;
    const { limits, users } = this.#options;
    const most = limits.linksPerUser;
    return users.add(user) > most
      ? { code: "rate_limited", reason: `at most ${most} links of one user` }
      : undefined;
  }

  /** Removes a connection that has ended. */
  ended(connection: LiveConnection): void {
    this.connections.delete(connection);
    if (connection.user !== undefined) this.#options.users.remove(connection.user);
  }

  /** Refuses all further links, and leaves the users' other hubs their full number. */
  close(): void {
    this.#closed = true;
    this.#options.users.withdraw();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Ends the heartbeat. */
  stop(): void {
    this.#stopBeat?.();
  }

  get #every(): number {
    const { pingInterval, pongTimeout } = this.#options.limits;
    return Math.min(BEAT, pingInterval / 2, pongTimeout / 2);
  }

  readonly #beat = (): void => {
    const { clock } = this.#options;
    const now = clock.now();
    for (const connection of this.connections) connection.beat(now);
    this.#stopBeat = this.connections.size > 0 ? clock.after(this.#every, this.#beat) : undefined;
  };
}
