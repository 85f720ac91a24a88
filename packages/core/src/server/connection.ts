/** One link's life on the hub: hello, commands, liveness, and the end. What it may do is decided by {@link ConnectionHost}. */
import { BellwireError, ERRORS, type ErrorCode, isBellwireError } from "../errors.ts";
import type { Link, LinkObserver } from "../link.ts";
import type { CloseCause } from "../protocol/close-codes.ts";
import {
  type ClientMessage,
  type Hello,
  PROTOCOL_VERSION,
  type Publish,
  type ServerMessage,
} from "../protocol/messages.ts";
import type { ConnectionHost, LiveConnection } from "./connection-host.ts";
import { exclusionId } from "./exclusion.ts";
import type { Handshake } from "./handshake.ts";
import { bearerToken } from "./http/headers.ts";
import type { Identity } from "./identity.ts";
import { InboundRates } from "./inbound-rates.ts";
import { LinkQueue } from "./link-queue.ts";
import { LinkSubscriptions } from "./link-subscriptions.ts";
import { control } from "./outgoing.ts";
import type { Publisher } from "./publishing.ts";
import { TokenExpiry } from "./token-expiry.ts";

type Phase = "hello" | "authenticating" | "ready" | "closed";

/** Close codes after which the client is expected to reconnect. A link that timed out was waited for already. */
const COMES_BACK: ReadonlySet<ErrorCode> = new Set([
  "link_lost",
  "draining",
  "slow_consumer",
  "internal",
  "malformed",
  "rate_limited",
]);

const PING = control({ type: "ping" });
const PONG = control({ type: "pong" });
/** Milliseconds a drain waits between two looks at whether everything was written. */
const DRAIN_POLL = 20;
/** Milliseconds after which a client that was cut for flooding should come back. */
const FLOODED = 10_000;

export class Connection<I extends Identity>
  implements LinkObserver<ClientMessage>, LiveConnection, Publisher<I>
{
  readonly #host: ConnectionHost<I>;
  readonly #link: Link<ServerMessage>;
  readonly #handshake: Handshake;
  readonly #queue: LinkQueue;
  readonly #rates: InboundRates;
  readonly #subscriptions: LinkSubscriptions<I>;
  readonly #expiry: TokenExpiry;
  #phase: Phase = "hello";
  #identity: I | undefined;
  /** Users whose links were all revoked while the application decides who this one is. */
  #revoked: Set<string> | undefined;
  /** How often a right was taken from this link, */
  #takings = 0;
  /** and whether all were: what is still waiting to be carried out has no right any more. */
  #rightless = false;
  #draining = false;
  #malformed = 0;
  #heardAt: number;
  #pingedAt: number;
  /** The last publish under way: one link's publishes are carried out one after another, in the order they came. */
  #publishing: Promise<void> = Promise.resolve();
  #waiting = 0;
  #cancelHello: (() => void) | undefined;

  constructor(host: ConnectionHost<I>, link: Link<ServerMessage>, handshake: Handshake) {
    const { clock, limits } = host;
    const now = clock.now();
    this.#host = host;
    this.#link = link;
    this.#handshake = handshake;
    this.#queue = new LinkQueue(link, host.pacer, () => this.end({ code: "slow_consumer" }));
    this.#rates = new InboundRates(limits, now);
    this.#subscriptions = new LinkSubscriptions(host, this.#queue, this.#rates, handshake);
    this.#expiry = new TokenExpiry({
      clock,
      notice: limits.expiryNotice,
      expiring: (ms) => this.#queue.push(control({ type: "expiring", in: ms })),
      expired: () => this.end({ code: "unauthorized", reason: "the token expired" }),
    });
    this.#heardAt = now;
    this.#pingedAt = now;
  }

  /** Throws `unauthorized` before the hello was accepted. */
  get identity(): I {
    if (!this.#identity) throw new BellwireError("unauthorized", "no hello yet");
    return this.#identity;
  }

  get user(): string | undefined {
    return this.#identity?.user;
  }

  get session(): string {
    return this.#queue.session;
  }

  granted(topic: string): boolean {
    return this.#handshake.grant?.("publish", topic) !== undefined;
  }

  rights(): number {
    if (this.#rightless) throw new BellwireError("closed", "the link has ended");
    return this.#takings;
  }

  open(): void {
    const { clock, limits } = this.#host;
    this.#cancelHello = clock.after(limits.helloTimeout, () =>
      this.end({ code: "timeout", reason: "no hello" }),
    );
  }

  message(message: ClientMessage, bytes = 0): void {
    if (this.#phase === "closed") return;
    const { clock, limits } = this.#host;
    const now = clock.now();
    this.#heardAt = now;
    if (this.#phase === "hello") {
      if (message.type === "hello") this.#contain(this.#hello(message));
      else this.end({ code: "malformed", reason: "hello comes first" });
      return;
    }
    if (this.#phase === "authenticating")
      return this.end({ code: "malformed", reason: "wait for the welcome" });
    // Without an answer the client sends it again on its next link.
    if (this.#draining && message.type !== "ping") return;
    const full = this.#waiting >= limits.waitingPublishes;
    const wait =
      message.type === "publish"
        ? this.#rates.publish(message.id, bytes, now, full)
        : this.#rates.message(bytes, now);
    if (wait > 0) {
      if (this.#rates.flooded(bytes, now))
        return this.end({ code: "rate_limited", reason: "too many messages", retryAfter: FLOODED });
      // Leaving lightens the load, and a client has no use for an answer that says "later".
      if (message.type !== "unsubscribe") {
        const ref = "ref" in message ? message.ref : undefined;
        return this.#fail(ref, new BellwireError("rate_limited", "too many messages", { retryAfter: wait }));
      }
    }
    this.#contain(this.#command(message));
  }

  malformed(reason: string): void {
    if (this.#phase === "closed") return;
    this.#heardAt = this.#host.clock.now();
    this.#malformed += 1;
    if (this.#malformed >= this.#host.limits.malformed || this.#phase !== "ready") {
      this.end({ code: "malformed", reason });
    } else this.#fail(undefined, new BellwireError("malformed", reason));
  }

  close({ code }: CloseCause): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#queue.close();
    this.#cancelHello?.();
    this.#expiry.cancel();
    this.#subscriptions.dropAll(COMES_BACK.has(code));
    this.#host.ended(this);
  }

  /** Sends what is due, then closes the link. */
  end(cause: CloseCause): void {
    if (this.#phase === "closed") return;
    this.#rightless ||= cause.code === "forbidden" || cause.code === "unauthorized";
    if (cause.code !== "slow_consumer") this.#queue.flush();
    this.close(cause);
    this.#link.close(cause);
  }

  async settle(): Promise<void> {
    this.#draining = true;
    await this.#publishing;
  }

  async drain(cause: CloseCause, ms: number): Promise<void> {
    const { clock } = this.#host;
    const end = clock.now() + ms;
    this.#queue.flush();
    while (!this.#queue.empty && this.#phase !== "closed" && clock.now() < end) {
      await new Promise<void>((resolve) => void clock.after(DRAIN_POLL, resolve));
    }
    this.end(cause);
  }

  revokeUser(user: string, topic: string | undefined): void {
    if (this.#phase === "authenticating" && topic === undefined) {
      this.#revoked ??= new Set();
      this.#revoked.add(user);
    }
    if (this.#phase !== "ready") return;
    const own = this.#identity?.user ?? this.#handshake.user?.();
    const granted = this.#subscriptions.mayBelongTo(user, own, topic);
    if (own !== user && granted === "no") return;
    this.#takings += 1;
    if (topic === undefined && (own === user || granted === "yes"))
      this.end({ code: "forbidden", reason: "revoked" });
    else if (own === user && topic !== undefined && !this.#handshake.grant)
      this.#subscriptions.end(topic, "forbidden");
    else {
      // A grant is signed for the connection and stays valid as long as that; the next one needs another.
      this.#rightless = true;
      // Its user comes back without that right, so that no list waits for it.
      if (topic !== undefined && granted === "yes") this.#subscriptions.drop(topic, false);
      this.end({ code: "link_lost", reason: "authorize again" });
    }
  }

  /** Pings, or gives up a peer that shows no sign of life. Called about once a second. */
  beat(now: number): void {
    if (this.#phase !== "ready" || this.#handshake.answers === false) return;
    const { pingInterval, pongTimeout } = this.#host.limits;
    if (this.#heardAt < this.#pingedAt) {
      if (now - this.#pingedAt >= pongTimeout) this.end({ code: "timeout", reason: "no sign of life" });
    } else if (now - this.#pingedAt >= pingInterval) {
      this.#pingedAt = now;
      this.#queue.push(PING);
    }
  }

  async #hello({ protocol, session, token }: Hello): Promise<void> {
    this.#phase = "authenticating";
    if (protocol !== PROTOCOL_VERSION) return this.#unsupported(protocol);
    const { access, limits, clock } = this.#host;
    const identity = await access.authenticate(
      token ?? bearerToken(this.#handshake.headers),
      this.#handshake,
    );
    if (this.#phase !== "authenticating") return;
    const { user } = identity;
    if (user !== undefined && this.#revoked?.has(user))
      return this.end({ code: "forbidden", reason: "revoked" });
    this.#identity = identity;
    this.#queue.session = this.#handshake.session ?? exclusionId(user, session);
    const refused = this.#host.entered(this);
    if (refused) {
      this.#host.refused(refused, this.#handshake.transport);
      return this.end(refused);
    }
    this.#cancelHello?.();
    this.#phase = "ready";
    this.#heardAt = this.#pingedAt = clock.now();
    const { pingInterval, pongTimeout, messageBytes } = limits;
    this.#queue.push(
      control({ type: "welcome", idleTimeout: pingInterval + pongTimeout, maxMessageBytes: messageBytes }),
    );
    this.#expiry.watch(identity.expiresAt);
  }

  #unsupported(protocol: number): void {
    const code = "unsupported_protocol";
    const reason = `the client speaks version ${protocol} of the protocol, the hub version ${PROTOCOL_VERSION}: update the older one`;
    this.#host.refused({ code, reason }, this.#handshake.transport);
    // A close frame has no room for it.
    this.#queue.push(control({ type: "error", code, message: reason }));
    this.end({ code, reason });
  }

  async #command(message: ClientMessage): Promise<void> {
    if (message.type === "pong") return;
    if (message.type === "ping") return this.#queue.push(PONG);
    if (message.type === "hello") return this.malformed("a second hello");
    // A token that is refused ends the link.
    if (message.type === "token") return this.#refresh(message.ref, message.token);
    try {
      if (message.type === "subscribe") await this.#subscriptions.subscribe(this.identity, message);
      else if (message.type === "publish") await this.#afterEarlier(() => this.#publish(message));
      else {
        this.#subscriptions.drop(message.topic, false);
        this.#queue.push(control({ type: "done", ref: message.ref }));
      }
    } catch (error) {
      this.#fail(message.ref, error);
    }
  }

  #afterEarlier(work: () => Promise<void>): Promise<void> {
    this.#waiting += 1;
    const done = this.#publishing.then(work).finally(() => {
      this.#waiting -= 1;
    });
    this.#publishing = done.catch(() => {});
    return done;
  }

  async #publish({ ref, topic, event, data, id, excludeSelf }: Publish): Promise<void> {
    const answer = await this.#host.publish(this, {
      topic,
      event,
      data,
      id,
      excludeSelf: excludeSelf === true,
    });
    const bytes = answer.data === undefined ? 0 : JSON.stringify(answer.data).length;
    this.#queue.push(control({ type: "acknowledged", ref, ...answer }, bytes));
  }

  async #refresh(ref: number, token: string): Promise<void> {
    const before = this.identity;
    const identity = await this.#host.access.authenticate(token, this.#handshake);
    if (identity.user !== before.user)
      throw new BellwireError("forbidden", "a fresh token must be of the same user");
    if (this.#phase === "closed") return;
    this.#identity = identity;
    // Publishes that the application is deciding about were asked with the identity of before.
    this.#takings += 1;
    this.#expiry.watch(identity.expiresAt);
    this.#queue.push(control({ type: "done", ref }));
    // The fresh token may permit less than the one before.
    await this.#subscriptions.reauthorize(identity);
  }

  #fail(ref: number | undefined, error: unknown): void {
    const known = isBellwireError(error) ? error : undefined;
    if (!known) this.#host.report(error);
    const code = known?.code ?? "internal";
    const message = known?.message ?? "the server failed";
    const after = known?.retryAfter;
    if (ref === undefined && code === "rate_limited") return;
    this.#queue.push(
      control({
        type: "error",
        ...(ref !== undefined && { ref }),
        code,
        message,
        ...(after !== undefined && { retryAfter: after }),
      }),
    );
  }

  /** No message of a peer may throw out of here: what is left over ends this one link. */
  #contain(work: Promise<void>): void {
    work.catch((error: unknown) => {
      const known = isBellwireError(error) ? error : undefined;
      if (!known) this.#host.report(error);
      const {
        code,
        message: reason,
        retryAfter,
      } = known ?? new BellwireError("internal", "the server failed");
      this.end({ code: "close" in ERRORS[code] ? code : "internal", reason, retryAfter });
    });
  }
}
