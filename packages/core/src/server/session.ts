/** One link's life on the hub: hello, commands, liveness, and the end. What it may do is decided by {@link SessionHost}. */
import { BellwireError, ERRORS, type ErrorCode, isBellwireError } from "../errors.ts";
import type { CloseCause, Link, LinkObserver } from "../link.ts";
import {
  type ClientMessage,
  type Hello,
  PROTOCOL_VERSION,
  type Publish,
  type ServerMessage,
  type Subscribe,
} from "../protocol/messages.ts";
import { hasPresence } from "../protocol/topics.ts";
import type { Handshake } from "./hub-link.ts";
import type { Identity } from "./identity.ts";
import { InboundRates } from "./inbound-rates.ts";
import { LinkQueue } from "./link-queue.ts";
import { control } from "./outgoing.ts";
import type { LiveSession, SessionHost } from "./session-host.ts";
import type { Topic } from "./topic.ts";

type Phase = "hello" | "authenticating" | "ready" | "closed";

/** One subscription of a link, told apart from an earlier one to the same topic that is still being decided. */
interface Membership {
  /** Absent while the subscription is being decided. */
  topic: Topic | undefined;
}

/** How links end whose clients come back on another. Who was silent for too long was waited for already. */
const COMES_BACK: ReadonlySet<ErrorCode> = new Set([
  "link_lost",
  "draining",
  "slow_reader",
  "internal",
  "malformed",
]);

const PING = control({ type: "ping" });
const PONG = control({ type: "pong" });
/** Milliseconds a drain waits between two looks at whether everything was written. */
const DRAIN_POLL = 20;

export class Session<I extends Identity> implements LinkObserver<ClientMessage>, LiveSession<I> {
  readonly #host: SessionHost<I>;
  readonly #link: Link<ServerMessage>;
  readonly #handshake: Handshake;
  readonly #queue: LinkQueue;
  readonly #rates: InboundRates;
  readonly #topics: Map<string, Membership> = new Map();
  #phase: Phase = "hello";
  #identity: I | undefined;
  #malformed = 0;
  #heardAt: number;
  #pingedAt: number;
  /** The last publish under way: one link's publishes are carried out one after another, in the order they came. */
  #publishing: Promise<void> = Promise.resolve();
  #cancelHello: (() => void) | undefined;
  #cancelExpiry: (() => void) | undefined;

  constructor(host: SessionHost<I>, link: Link<ServerMessage>, handshake: Handshake) {
    const now = host.clock.now();
    const { limits } = host;
    this.#host = host;
    this.#link = link;
    this.#handshake = handshake;
    this.#queue = new LinkQueue(link, host.pacer, () => this.end({ code: "slow_reader" }));
    this.#rates = new InboundRates(limits, now);
    this.#heardAt = now;
    this.#pingedAt = now;
  }

  get identity(): I | undefined {
    return this.#identity;
  }

  get topics(): IterableIterator<string> {
    return this.#topics.keys();
  }

  granted(topic: string): boolean {
    return this.#handshake.grant?.("subscribe", topic) !== undefined;
  }

  open(): void {
    const { clock, limits } = this.#host;
    this.#cancelHello = clock.after(limits.helloTimeout, () =>
      this.end({ code: "timeout", reason: "no hello" }),
    );
  }

  message(message: ClientMessage, bytes = 0): void {
    if (this.#phase === "closed") return;
    const now = this.#host.clock.now();
    this.#heardAt = now;
    if (this.#phase === "hello") {
      if (message.type === "hello") this.#contain(this.#hello(message));
      else this.end({ code: "malformed", reason: "hello comes first" });
      return;
    }
    if (this.#phase === "authenticating")
      return this.end({ code: "malformed", reason: "wait for the welcome" });
    const wait =
      message.type === "publish"
        ? this.#rates.publish(message.id, bytes, now)
        : this.#rates.message(bytes, now);
    // Leaving lightens the load, and a client has no use for an answer that says "later".
    if (wait > 0 && message.type !== "unsubscribe") {
      const ref = "ref" in message ? message.ref : undefined;
      return this.#fail(ref, new BellwireError("rate_limited", "too many messages", { retryAfter: wait }));
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
    this.#cancelExpiry?.();
    for (const name of this.#topics.keys()) this.#drop(name, COMES_BACK.has(code));
    this.#host.ended(this);
  }

  /** Sends what is due, then closes the link. */
  end(cause: CloseCause): void {
    if (this.#phase === "closed") return;
    if (cause.code !== "slow_reader") this.#queue.flush();
    this.close(cause);
    this.#link.close(cause);
  }

  /** Sends everything that is due, and closes the link then or after `ms`. */
  async drain(cause: CloseCause, ms: number): Promise<void> {
    const { clock } = this.#host;
    const end = clock.now() + ms;
    this.#queue.flush();
    while (!this.#queue.empty && this.#phase !== "closed" && clock.now() < end) {
      await new Promise<void>((resolve) => void clock.after(DRAIN_POLL, resolve));
    }
    this.end(cause);
  }

  /** Ends a subscription from the hub's side; the client is told `code` and does not try again by itself. */
  revoke(topic: string, code: ErrorCode): void {
    if (!this.#drop(topic, false)) return;
    this.#queue.push(control({ type: "error", topic, code, message: "the subscription was ended" }));
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

  async #hello(hello: Hello): Promise<void> {
    this.#phase = "authenticating";
    if (hello.protocol !== PROTOCOL_VERSION) {
      return this.end({ code: "unsupported_protocol", reason: `this hub speaks ${PROTOCOL_VERSION}` });
    }
    this.#queue.session = hello.session;
    const identity = await this.#host.authenticate(hello.token ?? bearer(this.#handshake), this.#handshake);
    if (this.#phase !== "authenticating") return;
    this.#identity = identity;
    const refused = this.#host.entered(this);
    if (refused) return this.end(refused);
    this.#cancelHello?.();
    this.#phase = "ready";
    this.#heardAt = this.#pingedAt = this.#host.clock.now();
    const { pingInterval, pongTimeout, messageBytes } = this.#host.limits;
    this.#queue.push(
      control({ type: "welcome", silence: pingInterval + pongTimeout, maxMessageBytes: messageBytes }),
    );
    this.#watchExpiry(identity);
  }

  async #command(message: ClientMessage): Promise<void> {
    if (message.type === "pong") return;
    if (message.type === "ping") return this.#queue.push(PONG);
    if (message.type === "hello") return this.malformed("a second hello");
    // A token that is refused ends the link.
    if (message.type === "token") return this.#refresh(message.ref, message.token);
    try {
      if (message.type === "subscribe") await this.#subscribe(message);
      else if (message.type === "publish") await this.#afterEarlier(() => this.#publish(message));
      else {
        this.#drop(message.topic, false);
        this.#queue.push(control({ type: "done", ref: message.ref }));
      }
    } catch (error) {
      this.#fail(message.ref, error);
    }
  }

  async #subscribe({ ref, topic: name, position }: Subscribe): Promise<void> {
    const { limits, clock } = this.#host;
    const retryAfter = this.#rates.subscription(clock.now());
    if (retryAfter > 0) throw new BellwireError("rate_limited", "too many subscriptions", { retryAfter });
    if (!this.#topics.has(name) && this.#topics.size >= limits.subscriptions) {
      throw new BellwireError("rate_limited", `at most ${limits.subscriptions} subscriptions on one link`);
    }
    this.#drop(name, true);
    const membership: Membership = { topic: undefined };
    this.#topics.set(name, membership);
    const current = (): boolean => this.#topics.get(name) === membership;
    try {
      const grant = this.#handshake.grant?.("subscribe", name);
      const identity = this.#known();
      await this.#host.authorize(identity, "subscribe", name, undefined, { granted: grant !== undefined });
      if (!current()) return;
      const member = hasPresence(name) ? this.#host.member(identity, grant?.member) : undefined;
      const topic = this.#host.topic(name);
      membership.topic = topic;
      await topic.join(this.#queue, position, (history) => {
        const reply = { type: "subscribed", ref, topic: name } as const;
        if (!history.ok) this.#queue.push(control({ ...reply, position: history.head, gap: history.reason }));
        else this.#queue.push(control({ ...reply, position: position ?? history.head }));
        if (member) topic.presence?.enter(this.#queue, member);
      });
    } catch (error) {
      if (current()) this.#drop(name, true);
      throw error;
    }
  }

  #afterEarlier(work: () => Promise<void>): Promise<void> {
    const done = this.#publishing.then(work);
    this.#publishing = done.catch(() => {});
    return done;
  }

  async #publish({ ref, topic, event, data, id, exclude }: Publish): Promise<void> {
    const granted = this.#handshake.grant?.("publish", topic) !== undefined;
    const publisher = { identity: this.#known(), session: this.#queue.session, granted };
    const answer = await this.#host.publish(publisher, { topic, event, data, id, exclude: exclude === true });
    const bytes = answer.data === undefined ? 0 : JSON.stringify(answer.data).length;
    this.#queue.push(control({ type: "acknowledged", ref, ...answer }, bytes));
  }

  async #refresh(ref: number, token: string): Promise<void> {
    const before = this.#known();
    const identity = await this.#host.authenticate(token, this.#handshake);
    if (identity.user !== before.user)
      throw new BellwireError("forbidden", "a fresh token must be of the same user");
    if (this.#phase === "closed") return;
    this.#identity = identity;
    this.#watchExpiry(identity);
    this.#queue.push(control({ type: "done", ref }));
    // The fresh token may permit less than the one before.
    await this.#host.reauthorize(this);
  }

  #known(): I {
    if (!this.#identity) throw new BellwireError("unauthorized", "no hello yet");
    return this.#identity;
  }

  /** `lost`: it may be subscribed again soon. */
  #drop(name: string, lost: boolean): boolean {
    const { topic } = this.#topics.get(name) ?? {};
    if (topic) this.#host.leave(name, topic, this.#queue, lost);
    return this.#topics.delete(name);
  }

  #watchExpiry({ expiresAt }: Identity): void {
    this.#cancelExpiry?.();
    if (expiresAt === undefined) return;
    const { clock, limits } = this.#host;
    const left = expiresAt - clock.wall();
    // At most half of its life before, or a short-lived token would be followed by the next at once.
    const notice = Math.min(limits.expiryNotice, left / 2);
    const expire = (): void => this.end({ code: "unauthorized", reason: "the token expired" });
    this.#cancelExpiry = clock.after(Math.max(0, left - notice), () => {
      const rest = Math.max(0, expiresAt - clock.wall());
      this.#queue.push(control({ type: "expiring", in: rest }));
      this.#cancelExpiry = clock.after(rest, expire);
    });
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
      const code = isBellwireError(error) ? error.code : "internal";
      if (code === "internal") this.#host.report(error);
      this.end({ code: "close" in ERRORS[code] ? code : "internal" });
    });
  }
}

function bearer({ headers }: Handshake): string | undefined {
  const match = /^bearer +(\S+)$/i.exec(headers.authorization ?? "");
  return match?.[1];
}
