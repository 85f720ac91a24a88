/** Who may do what: looks names up in the contract, asks the application, and fails closed. */
import type { Clock } from "../clock.ts";
import type { Contract, FoundEvent, TopicMap } from "../contract.ts";
import { BellwireError, isBellwireError } from "../errors.ts";
import type { Member } from "../protocol/messages.ts";
import { needsAuthorization } from "../protocol/topics.ts";
import type { Handshake } from "./hub-link.ts";
import { type Authenticate, type Authorize, decided, type Identity } from "./identity.ts";
import type { Limits } from "./limits.ts";

interface AccessOptions<I extends Identity> {
  readonly topics: Contract<TopicMap>;
  readonly authenticate?: Authenticate<I>;
  readonly authorize?: Authorize<I>;
}

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

  /** The event in the contract. Throws `unknown_topic` or `unknown_event`. */
  event(topic: string, event: string): FoundEvent {
    const found = this.#contract.event(topic, event);
    if (found) return found;
    if (this.#contract.topic(topic)) throw new BellwireError("unknown_event", "the topic has no such event");
    throw unknownTopic();
  }

  async authenticate(token: string | undefined, handshake: Handshake): Promise<I> {
    const authenticate = this.#authenticate;
    // Without `authenticate` there is no type `I` but the default, to which an empty identity belongs.
    if (!authenticate) return {} as I;
    const identity = await this.#ask(() => authenticate({ token, handshake }));
    if (typeof identity !== "object" || identity === null)
      throw new BellwireError("unauthorized", "the token was refused");
    return identity;
  }

  /**
   * Rejects unless the identity may. A `command` is for a handler, which does its own deciding where there is no `authorize`;
   * what is `granted` the adapter has decided.
   */
  async authorize(
    identity: I,
    action: "subscribe" | "publish",
    topic: string,
    event: string | undefined,
    { command = false, granted = false } = {},
  ): Promise<void> {
    const found = this.#contract.topic(topic);
    if (!found) throw unknownTopic();
    if (granted) return;
    const authorize = this.#authorize;
    const allowed = authorize
      ? await this.#ask(() => authorize({ action, topic, params: found.params, event, identity }))
      : !needsAuthorization(topic) && (action === "subscribe" || command);
    if (allowed !== true) throw new BellwireError("forbidden", `not allowed to ${action}`);
  }

  /** Who a client is on a `presence-` topic. Throws `forbidden` for nobody in particular, `too_large` for too much info. */
  member({ user, info }: I, granted: Member | undefined): Member {
    const member =
      granted ?? (user === undefined ? undefined : { id: user, ...(info !== undefined && { info }) });
    if (!member) throw new BellwireError("forbidden", "presence is for users");
    if (Buffer.byteLength(JSON.stringify(member.info) ?? "") > this.#memberBytes)
      throw new BellwireError("too_large", `a member's info: at most ${this.#memberBytes} bytes`);
    return member;
  }

  /** The application's answer; what goes wrong in asking is told to the application and refuses the client. */
  async #ask<T>(decide: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await decided(this.#clock, this.#timeout, decide);
    } catch (error) {
      if (!isBellwireError(error) || error.code === "no_answer") this.#report(error);
      return undefined;
    }
  }
}

function unknownTopic(): BellwireError {
  return new BellwireError("unknown_topic", "no such topic in the contract");
}
