/**
 * One link on the hub, from its hello to its end. Pure parts decide on its rates, rights and
 * liveness.
 */
import { BellwireError } from "../errors.ts";
import type { Link, LinkObserver } from "../link.ts";
import type { CloseCause } from "../protocol/close-codes.ts";
import {
  type ClientMessage,
  type Hello,
  PROTOCOL_VERSION,
  type Publish,
  type ServerMessage,
} from "../protocol/messages.ts";
import { departureOf } from "./audience.ts";
import type { ConnectionHost } from "./connection-host.ts";
import { exclusionId } from "./exclusion.ts";
import { causeOf, failedMessage, shownError } from "./failure.ts";
import type { Handshake } from "./handshake.ts";
import { bearerToken } from "./http/headers.ts";
import type { LinkFacts } from "./hub-events.ts";
import type { Identity } from "./identity.ts";
import { InOrder } from "./in-order.ts";
import { InboundRates } from "./inbound-rates.ts";
import { LinkQueue } from "./link-queue.ts";
import { LinkRights } from "./link-rights.ts";
import { LinkSubscriptions } from "./link-subscriptions.ts";
import type { LiveConnection } from "./live-connection.ts";
import { Liveness } from "./liveness.ts";
import { control } from "./outgoing.ts";
import type { Publisher } from "./publishing.ts";
import { TokenExpiry } from "./token-expiry.ts";

type Phase = "hello" | "authenticating" | "ready" | "closed";

const PING = control({ type: "ping" });
const PONG = control({ type: "pong" });
/** Milliseconds between two checks of a drain whether everything was written. */
const DRAIN_POLL = 20;
/** Milliseconds after which a client that was disconnected for flooding should reconnect. */
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
  readonly #rights: LinkRights = new LinkRights();
  readonly #liveness: Liveness;
  /** A link's publishes are carried out in the order in which they came. */
  readonly #publishes: InOrder = new InOrder();
  #phase: Phase = "hello";
  #identity: I | undefined;
  #draining = false;
  #malformed = 0;
  #cancelHello: (() => void) | undefined;

  constructor(host: ConnectionHost<I>, link: Link<ServerMessage>, handshake: Handshake) {
    const { clock, limits } = host;
    const now = clock.now();
    this.#host = host;
    this.#link = link;
    this.#handshake = handshake;
    this.#queue = new LinkQueue(link, host.pacer, (action) => this.#overrun(action));
    this.#rates = new InboundRates(limits, now);
    this.#subscriptions = new LinkSubscriptions(host, this.#queue, this.#rates, handshake, () => this.facts);
    this.#expiry = new TokenExpiry({
      clock,
      notice: limits.expiryNotice,
      expiring: (ms) => this.#queue.push(control({ type: "expiring", in: ms })),
      expired: () => this.end({ code: "unauthorized", reason: "the token expired" }),
    });
    this.#liveness = new Liveness(limits, now);
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
    return this.#rights.version;
  }

  get facts(): LinkFacts {
    return { transport: this.#handshake.transport, user: this.user };
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
    this.#liveness.heard(now);
    if (this.#phase === "hello") {
      if (message.type === "hello") this.#contain(this.#hello(message));
      else this.end({ code: "malformed", reason: "hello comes first" });
      return;
    }
    if (this.#phase === "authenticating")
      return this.end({ code: "malformed", reason: "wait for the welcome" });
    // Without an answer the client sends it again on its next link.
    if (this.#draining && message.type !== "ping") return;
    const full = this.#publishes.waiting >= limits.waitingPublishes;
    const wait =
      message.type === "publish"
        ? this.#rates.publish(message.id, bytes, now, full)
        : this.#rates.message(bytes, now);
    if (wait > 0) {
      if (this.#rates.flooded(bytes, now))
        return this.end({ code: "rate_limited", reason: "too many messages", retryAfter: FLOODED });
      // An unsubscribe reduces the load, and a client cannot use an answer that says "later".
      if (message.type !== "unsubscribe") {
        const ref = "ref" in message ? message.ref : undefined;
        return this.#fail(ref, new BellwireError("rate_limited", "too many messages", { retryAfter: wait }));
      }
    }
    this.#contain(this.#command(message));
  }

  malformed(reason: string): void {
    if (this.#phase === "closed") return;
    this.#liveness.heard(this.#host.clock.now());
    this.#malformed += 1;
    if (this.#malformed >= this.#host.limits.malformed || this.#phase !== "ready") {
      this.end({ code: "malformed", reason });
    } else this.#fail(undefined, new BellwireError("malformed", reason));
  }

  close(cause: CloseCause): void {
    if (this.#phase === "closed") return;
    const welcomed = this.#phase === "ready";
    this.#phase = "closed";
    this.#queue.close();
    this.#cancelHello?.();
    this.#expiry.cancel();
    this.#subscriptions.dropAll(departureOf(cause));
    const { admission, events } = this.#host;
    admission.ended(this);
    if (welcomed) events.emit("linkClosed", () => ({ ...this.facts, cause }));
    else events.emit("linkRefused", () => ({ transport: this.#handshake.transport, cause }));
  }

  /** Sends everything that is due, then closes the link. */
  end(cause: CloseCause): void {
    if (this.#phase === "closed") return;
    if (cause.code === "forbidden" || cause.code === "unauthorized") this.#rights.end();
    if (cause.code !== "slow_consumer") this.#queue.flush();
    this.close(cause);
    this.#link.close(cause);
  }

  async settle(): Promise<void> {
    this.#draining = true;
    await this.#publishes.settled;
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
    if (this.#phase === "authenticating" && topic === undefined) this.#rights.revokeOnceKnown(user);
    if (this.#phase !== "ready") return;
    const own = this.#identity?.user ?? this.#handshake.user?.();
    const granted = this.#subscriptions.mayBelongTo(user, own, topic);
    if (own !== user && granted === "no") return;
    this.#rights.take();
    if (topic === undefined && (own === user || granted === "yes"))
      this.end({ code: "forbidden", reason: "revoked" });
    else if (own === user && topic !== undefined && !this.#handshake.grant)
      this.#subscriptions.end(topic, "forbidden");
    else {
      // A grant is signed for one connection and valid as long as it; the next connection needs a
      // new one.
      this.#rights.end();
      // The user reconnects without that right, so the member gets no grace.
      if (topic !== undefined && granted === "yes") this.#subscriptions.drop(topic, "left");
      this.end({ code: "link_lost", reason: "authorize again" });
    }
  }

  /** Pings, or closes the link when the peer shows no sign of life. Called about once a second. */
  beat(now: number): void {
    if (this.#phase !== "ready" || this.#handshake.answers === false) return;
    const next = this.#liveness.beat(now);
    if (next === "ping") this.#queue.push(PING);
    else if (next === "dead") this.end({ code: "timeout", reason: "no sign of life" });
  }

  #overrun(action: "disconnect" | "drop"): void {
    this.#host.events.emit("slowConsumer", () => ({ ...this.facts, action }));
    if (action === "disconnect") this.end({ code: "slow_consumer" });
  }

  async #hello({ protocol, session, token }: Hello): Promise<void> {
    this.#phase = "authenticating";
    if (protocol !== PROTOCOL_VERSION) return this.#unsupported(protocol);
    const { access, admission, clock, events, limits } = this.#host;
    const identity = await access.authenticate(
      token ?? bearerToken(this.#handshake.headers),
      this.#handshake,
    );
    if (this.#phase !== "authenticating") return;
    const { user } = identity;
    if (this.#rights.revoked(user)) return this.end({ code: "forbidden", reason: "revoked" });
    this.#identity = identity;
    this.#queue.session = this.#handshake.session ?? exclusionId(user, session);
    const refused = admission.entered(this);
    if (refused) {
      admission.report(refused, this.#handshake.transport);
      return this.end(refused);
    }
    this.#cancelHello?.();
    this.#phase = "ready";
    this.#liveness.begin(clock.now());
    const { idleTimeout } = this.#liveness;
    this.#queue.push(control({ type: "welcome", idleTimeout, maxMessageBytes: limits.messageBytes }));
    this.#expiry.watch(identity.expiresAt);
    events.emit("linkOpened", () => this.facts);
  }

  #unsupported(protocol: number): void {
    const code = "unsupported_protocol";
    const reason = `the client speaks version ${protocol} of the protocol, the hub version ${PROTOCOL_VERSION}: update the older one`;
    this.#host.admission.report({ code, reason }, this.#handshake.transport);
    // The reason does not fit into a close frame.
    this.#queue.push(control({ type: "error", code, message: reason }));
    this.end({ code, reason });
  }

  async #command(message: ClientMessage): Promise<void> {
    if (message.type === "pong") return;
    if (message.type === "ping") return this.#queue.push(PONG);
    if (message.type === "hello") return this.malformed("a second hello");
    // A refused token ends the link, so its error is not caught here.
    if (message.type === "token") return this.#refresh(message.ref, message.token);
    try {
      if (message.type === "subscribe") await this.#subscriptions.subscribe(this.identity, message);
      else if (message.type === "history")
        await this.#subscriptions.history(() => this.identity, this.#rights, message);
      else if (message.type === "publish") await this.#publishes.run(() => this.#publish(message));
      else {
        this.#subscriptions.drop(message.topic, "left");
        this.#queue.push(control({ type: "done", ref: message.ref }));
      }
    } catch (error) {
      this.#fail(message.ref, error);
    }
  }

  async #publish({ ref, topic, event, data, id, excludeSelf }: Publish): Promise<void> {
    const publication = { topic, event, data, id, excludeSelf: excludeSelf === true };
    const answer = await this.#host.publish(this, publication);
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
    // Publishes that await authorization were submitted with the previous identity.
    this.#rights.take();
    this.#expiry.watch(identity.expiresAt);
    this.#queue.push(control({ type: "done", ref }));
    // The fresh token may permit less than the previous one.
    await this.#subscriptions.reauthorize(identity);
  }

  #fail(ref: number | undefined, error: unknown): void {
    const shown = shownError(error, this.#host.report);
    if (ref === undefined && shown.code === "rate_limited") return;
    this.#queue.push(control(failedMessage(ref, shown)));
  }

  /** Contains failures: whatever a peer sends, an error ends at most its own link. */
  #contain(work: Promise<void>): void {
    work.catch((error: unknown) => this.end(causeOf(shownError(error, this.#host.report))));
  }
}
