/**
 * Decides on access: looks names up in the contract and asks the application. Permits nothing when
 * that fails.
 */
import type { Clock } from "../clock.ts";
import type { Contract, EventDefinition, TopicMap, TopicMatch } from "../contract.ts";
import { BellwireError, isBellwireError } from "../errors.ts";
import type { Member } from "../protocol/messages.ts";
import { hasPresence, needsAuthorization } from "../protocol/names.ts";
import type { Handshake } from "./handshake.ts";
import { type Authenticate, type Authorize, decided, type Identity } from "./identity.ts";
import type { Limits } from "./limits.ts";
import { unknownTopic } from "./unknown-topic.ts";

interface AccessOptions<I extends Identity> {
  readonly topics: Contract<TopicMap>;
  readonly authenticate?: Authenticate<I>;
  readonly authorize?: Authorize<I>;
}

/** A request for access, with its topic looked up. */
export interface Wish<I extends Identity> {
  readonly identity: I;
  readonly action: "subscribe" | "publish";
  readonly topic: string;
  readonly match: TopicMatch;
  /** The event, when publishing. */
  readonly event?: string | undefined;
  /** A handler takes it. Without `authorize`, the handler decides. */
  readonly command?: boolean;
  /** The adapter has permitted it already. */
  readonly granted?: boolean;
}

/** Milliseconds in a year. A token that ended longer ago was given its end in seconds. */
const YEAR = 31_536_000_000;

export class Access<I extends Identity> {
  readonly #contract: Contract<TopicMap>;
  readonly #authenticate: Authenticate<I> | undefined;
  readonly #authorize: Authorize<I> | undefined;
  readonly #timeout: number;
  readonly #memberBytes: number;
  readonly #clock: Clock;
  readonly #report: (error: unknown) => void;

  constructor(options: AccessOptions<I>, limits: Limits, clock: Clock, report: (error: unknown) => void) {
    this.#contract = options.topics;
    this.#authenticate = options.authenticate;
    this.#authorize = options.authorize;
    this.#timeout = limits.decisionTimeout;
    this.#memberBytes = limits.memberBytes;
    this.#clock = clock;
    this.#report = report;
  }

  /** The topic in the contract. Throws `unknown_topic`. */
  topic(topic: string): TopicMatch {
    const match = this.#contract.find(topic);
    if (!match) throw unknownTopic(this.#contract, topic);
    return match;
  }

  /** The topic's event in the contract. Throws `unknown_event`. */
  event(match: TopicMatch, event: string): EventDefinition {
    const definition = match.event(event);
    if (!definition) throw new BellwireError("unknown_event", "the topic has no such event");
    return definition;
  }

  /**
   * The identity behind a token. Rejects with `unauthorized` when it is refused, and with
   * `internal`, which is retryable, when the application failed to decide; that failure is reported
   * to `onError`.
   */
  async authenticate(token: string | undefined, handshake: Handshake): Promise<I> {
    const authenticate = this.#authenticate;
    // Without `authenticate` there is no type `I` but the default, to which an empty identity
    // belongs.
    if (!authenticate) return {} as I;
    const identity = await this.#ask("authenticate", () => authenticate({ token, handshake }));
    if (typeof identity !== "object" || identity === null)
      throw new BellwireError("unauthorized", "the token was refused");
    const now = this.#clock.wall();
    const wrong = flawOf(identity, now);
    if (wrong !== undefined)
      throw this.#failed(new BellwireError("invalid_option", `authenticate: ${wrong}`));
    if (identity.expiresAt !== undefined && identity.expiresAt <= now)
      throw new BellwireError("unauthorized", "the token has expired");
    return identity;
  }

  /**
   * Rejects with `forbidden` unless the identity may, and with `internal` when the application
   * failed to decide.
   */
  async authorize({ identity, action, topic, match, event, command, granted }: Wish<I>): Promise<void> {
    if (granted) return;
    const authorize = this.#authorize;
    const allowed = authorize
      ? await this.#ask("authorize", () =>
          authorize({ action, topic, params: match.params, event, identity }),
        )
      : !needsAuthorization(topic) && (action === "subscribe" || command);
    if (allowed !== true) throw new BellwireError("forbidden", `not allowed to ${action}`);
  }

  /**
   * The subscriber's member; undefined on topics without presence. Throws `forbidden` or
   * `too_large`.
   */
  member(topic: string, { user, info }: I, granted: Member | undefined): Member | undefined {
    if (!hasPresence(topic)) return undefined;
    const member =
      granted ?? (user === undefined ? undefined : { id: user, ...(info !== undefined && { info }) });
    if (!member) throw new BellwireError("forbidden", "presence is for users");
    if (Buffer.byteLength(JSON.stringify(member.info) ?? "") > this.#memberBytes)
      throw new BellwireError("too_large", `a member's info: at most ${this.#memberBytes} bytes`);
    return member;
  }

  /**
   * The application's answer. A retryable error that it throws on purpose, and a refusal, reach the
   * client as they are; any other failure is not a refusal: it is reported to `onError`, and the
   * client may try again.
   */
  async #ask<T>(name: string, decide: () => T | Promise<T>): Promise<T> {
    try {
      return await decided(this.#clock, this.#timeout, decide);
    } catch (error) {
      if (isBellwireError(error) && MEANT.has(error.code)) throw error;
      throw this.#failed(new Error(`${name} failed`, { cause: error }));
    }
  }

  #failed(error: unknown): BellwireError {
    this.#report(error);
    return new BellwireError("internal", "the server could not decide");
  }
}

/** Codes with which an application may answer instead of failing. */
const MEANT: ReadonlySet<string> = new Set(["unauthorized", "forbidden", "rate_limited", "overloaded"]);

/**
 * The reason, in words, for which an identity cannot be used. An invalid one would let clients
 * reconnect for ever, or escape `revoke`.
 */
function flawOf({ user, expiresAt }: Identity, now: number): string | undefined {
  if (user !== undefined && (typeof user !== "string" || user === ""))
    return "user must be a non-empty string";
  if (expiresAt === undefined) return undefined;
  if (!Number.isFinite(expiresAt) || now - expiresAt > YEAR)
    return "expiresAt must be milliseconds since 1970, such as Date.now() + 3_600_000";
  return undefined;
}
