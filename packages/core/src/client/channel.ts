/** The notification channel of a client. This file composes the parts that decide. */
import type { CapabilityName } from "../capabilities.ts";
import { type Clock, systemClock } from "../clock.ts";
import { type Contract, jsonOf, type TopicMap, type TopicMatch, validate } from "../contract.ts";
import { BellwireError } from "../errors.ts";
import type { Transport } from "../link.ts";
import { callable, checkOptions, having, milliseconds, object } from "../options.ts";
import type {
  Acknowledged,
  Bye,
  Done,
  Failed,
  Ping,
  Pong,
  ServerMessage,
  Welcome,
} from "../protocol/messages.ts";
import { isId } from "../protocol/names.ts";
import { randomId } from "../random-id.ts";
import type { ChannelOptions, ChannelPublishOptions, NotificationChannel, Receipt } from "./channel-api.ts";
import type { ClientConnection } from "./connection.ts";
import { type ChannelState, type ChannelStatus, isOver } from "./connection-machine.ts";
import { Connections, errorOf } from "./connections.ts";
import type { ExtensibleChannel } from "./joining/extensible-channel.ts";
import { watchLifecycle } from "./lifecycle.ts";
import { Listeners } from "./listeners.ts";
import { type ChannelOutbox, Outbox, type Pending } from "./outbox.ts";
import type { PositionStore } from "./positions.ts";
import type { SubscriptionHandle } from "./subscription.ts";
import type { StreamEvent } from "./subscription-machine.ts";
import { type StreamHost, TopicStream } from "./topic-stream.ts";

/** Creates a channel. It connects on first use. Throws `invalid_option` with the option's path. */
export function createChannel<M extends TopicMap, T extends Transport = Transport>(
  options: ChannelOptions<M, T>,
): NotificationChannel<M, T["capabilities"]> {
  checkOptions(
    "createChannel",
    options,
    {
      topics: having("find", "explain"),
      transport: having("connect"),
      requires: { allowed: "an array", test: Array.isArray },
      token: callable,
      positions: having("load", "save"),
      outbox: callable,
      backoff: object,
      suspendAfter: milliseconds,
      clock: having("now", "wall", "after"),
      random: callable,
    },
    ["topics", "transport"],
  );
  checkOptions("createChannel.backoff", options.backoff ?? {}, { base: milliseconds, cap: milliseconds });
  // The contract's types are those of the interface. The class is the same for every contract.
  return new Channel(options) as unknown as NotificationChannel<M, T["capabilities"]>;
}

class Channel implements StreamHost, ExtensibleChannel {
  readonly #contract: Contract<TopicMap>;
  readonly clock: Clock;
  readonly positions: PositionStore | undefined;
  readonly #requires: readonly CapabilityName[];
  readonly #connections: Connections;
  readonly #streams: Map<string, TopicStream> = new Map();
  readonly #outbox: ChannelOutbox;
  readonly #errors: Listeners<unknown> = new Listeners(() => {});
  /** A property rather than a method, so that it can be passed on without its channel. */
  readonly report = (error: unknown): void => this.#errors.emit(error);
  readonly #states: Listeners<ChannelStatus>;
  #stopLifecycle: (() => void) | undefined;
  #ref = 0;
  #outboxPaused: (() => void) | undefined;

  constructor(options: ChannelOptions<TopicMap>) {
    this.#contract = options.topics;
    this.clock = options.clock ?? systemClock;
    this.positions = options.positions;
    this.#requires = options.requires ?? [];
    this.#assertCapable(options.transport);
    this.#states = new Listeners(this.report);
    this.#outbox = options.outbox?.(options, this.report, () => this.#flushOutbox()) ?? new Outbox();
    this.#connections = new Connections({
      ...options,
      session: this.#outbox.session,
      clock: this.clock,
      random: options.random ?? Math.random,
      backoff: options.backoff ?? {},
      suspendAfter: options.suspendAfter ?? 300_000,
      changed: (now, before) => this.changed(now, before),
      message: (message) => this.receive(message),
      malformed: (reason) => this.report(new BellwireError("malformed", reason)),
    });
  }

  get state(): ChannelState {
    return this.#connections.state;
  }

  get status(): ChannelStatus {
    return this.#connections.status;
  }

  get #connection(): ClientConnection {
    return this.#connections.connection;
  }

  connect(): void {
    if (this.state !== "idle") return;
    this.#stopLifecycle = watchLifecycle(this.clock, () => this.#connection.dispatch({ type: "wake" }));
    this.#connection.dispatch({ type: "connect" });
  }

  subscribe(topic: string): SubscriptionHandle {
    this.#assertOpen();
    const match = this.find(topic);
    let stream = this.#streams.get(topic);
    if (!stream) {
      stream = new TopicStream(topic, match, this);
      this.#streams.set(topic, stream);
      if (this.state === "connected") stream.dispatch({ type: "connected" });
    }
    const handle = stream.subscribe();
    this.connect();
    return handle;
  }

  async publish(
    topic: string,
    event: string,
    data: unknown,
    options: ChannelPublishOptions = {},
  ): Promise<Receipt> {
    this.#assertOpen();
    const { signal, id = randomId(16), excludeSelf } = options;
    if (!isId(id)) throw new BellwireError("invalid_option", "publish.id: must be 1 to 64 printable ASCII");
    const definition = this.find(topic).event(event);
    if (!definition) throw new BellwireError("unknown_event", "not in the contract");
    // Validated here and sent as given, so that a schema's transformation runs once, at the
    // receiver.
    const checked = validate(definition.schema, data);
    if (checked instanceof Promise) await checked;
    const message = { type: "publish", topic, event, data, id, excludeSelf: excludeSelf && true } as const;
    // The channel may have been closed while the schema ran.
    this.#assertOpen();
    const bytes = new TextEncoder().encode(jsonOf(message)).length + 24;
    const volatile = definition.kind === "volatile";
    if (volatile && this.state !== "connected")
      throw new BellwireError("link_lost", "a volatile event needs a link");
    const { position, data: result } = await this.#enqueue({ message, bytes, volatile }, signal);
    return { position, data: definition.returns ? await validate(definition.returns, result) : result };
  }

  find(topic: string): TopicMatch {
    const match = this.#contract.find(topic);
    if (!match) throw new BellwireError("unknown_topic", this.#contract.explain(topic));
    return match;
  }

  async switchTransport(transport: Transport): Promise<void> {
    this.#assertOpen();
    this.#assertCapable(transport);
    const switched = this.#connections.switch(transport);
    this.connect();
    return switched;
  }

  onState(listener: (state: ChannelState, status: ChannelStatus) => unknown): () => void {
    return this.#states.add((status) => listener(status.state, status));
  }

  onError(listener: (error: unknown) => unknown): () => void {
    return this.#errors.add(listener);
  }

  close(): void {
    this.#connection.dispatch({ type: "close" });
  }

  ref(): number {
    return ++this.#ref;
  }

  send(message: Parameters<StreamHost["send"]>[0]): void {
    this.#connection.send([message]);
  }

  done(stream: TopicStream, ended: boolean): void {
    if (this.#streams.get(stream.topic) !== stream) return;
    this.#streams.delete(stream.topic);
    if (!ended) this.send({ type: "unsubscribe", ref: this.ref(), topic: stream.topic });
  }

  #assertOpen(): void {
    const { now } = this.#connection;
    if (isOver(now)) throw errorOf(now);
  }

  #assertCapable({ name, capabilities }: Transport): void {
    for (const [index, required] of this.#requires.entries()) {
      if (!/^(native|emulated)$/.test(capabilities[required]))
        throw new BellwireError("invalid_option", `createChannel.requires[${index}]: missing in ${name}`);
    }
  }

  #enqueue(
    publish: Pick<Pending, "message" | "bytes" | "volatile">,
    signal: AbortSignal | undefined,
  ): Promise<Acknowledged> {
    let abort = (): void => {};
    return new Promise<Acknowledged>((resolve, reject) => {
      const pending = { ...publish, resolve, reject };
      abort = () => {
        const cause = signal?.reason as { readonly name?: unknown } | undefined;
        const timedOut = cause?.name === "TimeoutError";
        this.#outbox.remove(pending);
        reject(new BellwireError(timedOut ? "no_answer" : "aborted", "given up", { cause }));
      };
      if (signal?.aborted) return abort();
      this.#outbox.add(pending, this.#connection.maxMessageBytes);
      signal?.addEventListener("abort", abort);
      this.connect();
      this.#flushOutbox();
    }).finally(() => signal?.removeEventListener("abort", abort));
  }

  #flushOutbox(): void {
    if (this.state !== "connected" || this.#outboxPaused) return;
    this.#connection.send(this.#outbox.due(() => this.ref(), this.#connection.maxMessageBytes));
  }

  changed(now: ChannelState, before: ChannelState): void {
    if (before === "connected") {
      this.#outboxPaused?.();
      this.#outboxPaused = undefined;
      this.#tell({ type: "lost" });
      this.#outbox.unlink();
    }
    if (now === "connected") {
      this.#tell({ type: "connected" });
      this.#flushOutbox();
    }
    const { now: status } = this.#connection;
    if (isOver(status)) {
      const error = errorOf(status);
      this.#stopLifecycle?.();
      if (now === "failed") this.report(error);
      for (const stream of this.#streams.values()) stream.end(error);
      this.#streams.clear();
      this.#outbox.clear(error);
    }
    if (now !== before) this.#states.emit(this.status);
  }

  #tell(event: StreamEvent): void {
    for (const stream of this.#streams.values()) stream.dispatch(event);
  }

  receive(message: ServerMessage): void {
    const stream = "topic" in message ? this.#streams.get(message.topic ?? "") : undefined;
    switch (message.type) {
      case "members":
      case "joined":
      case "left":
        return stream?.presence(message);
      case "acknowledged":
        this.#outbox.settle(message.ref)?.resolve(message);
        return this.#flushOutbox();
      case "error":
        return this.#refused(message, stream);
      case "expiring":
        // Without a fresh token the hub closes the link when the old one expires, and the next
        // attempt asks again.
        return void this.#connection.token().then((token) => {
          if (typeof token === "string") this.send({ type: "token", ref: this.ref(), token });
        }, this.report);
      default:
        if ("topic" in message) stream?.dispatch(message);
        // The connection answers them, or they need no answer.
        else message satisfies Welcome | Done | Ping | Pong | Bye;
    }
  }

  #refused(failed: Failed, stream: TopicStream | undefined): void {
    const { ref, code, message, retryAfter } = failed;
    const error = new BellwireError(code, message, failed);
    if (ref === undefined) return stream ? stream.dispatch(failed) : this.report(error);
    // Streams ignore refs that are not theirs.
    this.#tell(failed);
    if (code !== "rate_limited") this.#outbox.settle(ref)?.reject(error);
    else if (this.#outbox.retry(ref)) {
      // Order holds: the hub also refuses the publishes that follow, and after the pause all of
      // them are sent again in order.
      this.#outboxPaused ??= this.clock.after(retryAfter ?? 1_000, () => {
        this.#outboxPaused = undefined;
        this.#flushOutbox();
      });
    }
  }
}
