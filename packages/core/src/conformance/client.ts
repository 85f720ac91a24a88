/** One client of a case: a channel, its log, and the means to cut it off. */
import assert from "node:assert/strict";
import {
  type ChannelPublishOptions,
  type HistoryChannel,
  type NotificationChannel,
  type Receipt,
  type SubscribeOptions,
  type Subscription,
  withHistory,
} from "../client/index.ts";
import type { TopicMap } from "../contract.ts";
import type { FaultProxy } from "./fault-proxy.ts";
import type { KitEvent, KitTopic, KitTopics, Numbered } from "./kit-topics.ts";
import type { FaultyTransport, MessageRule } from "./message-faults.ts";
import type { PublishLog } from "./publish-log.ts";
import type { Random } from "./random.ts";
import { SessionLog, until } from "./session-log.ts";

/** The parts of a client. */
export interface ClientParts {
  readonly name: string;
  readonly channel: NotificationChannel<KitTopics>;
  readonly transport: FaultyTransport;
  /** The rules of `transport`; more may be added while the case runs. */
  readonly rules: MessageRule[];
  /** Undefined where the case runs without faults, or the transport has no port. */
  readonly proxy: FaultProxy | undefined;
  readonly publishes: PublishLog;
  readonly random: Random;
}

/** A subscription to any topic of the kit. */
export type KitSubscription = Subscription<KitTopics, KitTopic>;

/** A channel, its session log, and the faults on its way to the hub. */
export class Client {
  readonly name: string;
  readonly channel: NotificationChannel<KitTopics>;
  readonly log: SessionLog;
  /** Every error that the channel reported, in order. */
  readonly errors: unknown[] = [];
  /** Every state since the start, in order. */
  readonly states: string[] = [];
  readonly #parts: ClientParts;
  #late: HistoryChannel<KitTopics> | undefined;

  constructor(parts: ClientParts) {
    this.name = parts.name;
    this.channel = parts.channel;
    this.log = new SessionLog(parts.name);
    this.#parts = parts;
    parts.channel.onError((error) => this.errors.push(error));
    parts.channel.onState((state) => this.states.push(state));
  }

  /** Applied to every message from now on; see {@link MessageRule}. */
  get rules(): MessageRule[] {
    return this.#parts.rules;
  }

  /** The channel with what those need who join a topic late. */
  get late(): HistoryChannel<KitTopics> {
    this.#late ??= withHistory(this.channel);
    return this.#late;
  }

  get transport(): FaultyTransport {
    return this.#parts.transport;
  }

  get proxy(): FaultProxy | undefined {
    return this.#parts.proxy;
  }

  /** Subscribes, writes everything down, and waits until the hub has answered. */
  async subscribe(topic: KitTopic, options?: SubscribeOptions): Promise<KitSubscription> {
    const subscription = this.follow(topic, options);
    await withTimeout(subscription.ready(), `${this.name} to be subscribed to ${topic}`);
    return subscription;
  }

  /** Subscribes and writes everything down, without waiting. */
  follow(topic: KitTopic, options?: SubscribeOptions): KitSubscription {
    const subscription = (
      options ? this.late.subscribe(topic, options) : this.channel.subscribe(topic)
    ) as KitSubscription;
    this.log.follow(subscription);
    return subscription;
  }

  /** Publishes through the channel. The attempt is in the ledger's log, however it ends. */
  publish(
    topic: KitTopic,
    data: Numbered,
    options: ChannelPublishOptions & { event?: KitEvent } = {},
  ): Promise<Receipt> {
    const { event = "said", ...rest } = options;
    return this.#parts.publishes.record(
      { topic, event, data, id: options.id, excluded: options.excludeSelf ? this.name : undefined },
      // The compiler cannot tell that the event is one of the topic's.
      (id) =>
        (this.channel as unknown as NotificationChannel<TopicMap>).publish(topic, event, data, {
          ...rest,
          id,
        }),
      (receipt) => receipt.position,
    );
  }

  /** Ends the present connection in a random way. The channel reconnects by itself. */
  cut(): void {
    if (this.proxy) this.proxy.cutAll(this.#parts.random.pick(["cut", "reset", "finish"]));
    else this.transport.cutAll();
  }

  /** Cuts, and lets nothing through until `back`. */
  async away(): Promise<void> {
    this.transport.refuse(true);
    this.proxy?.refuse(true);
    if (this.proxy) this.proxy.cutAll(this.#parts.random.pick(["cut", "reset"]));
    else this.transport.cutAll();
    await this.until(() => this.channel.state !== "connected", "the loss of the link to be noticed");
  }

  /** Lets the channel connect again, and waits until it has, by default 5,000 ms. */
  async back(timeout?: number): Promise<void> {
    this.transport.refuse(false);
    this.proxy?.refuse(false);
    await this.until(() => this.channel.state === "connected", "the channel to be back", timeout);
  }

  /** Moves the channel to another connection of its transport, made before the present one ends. */
  move(): Promise<void> {
    return withTimeout(this.channel.switchTransport(this.transport), `${this.name} to have moved`);
  }

  /** Waits until `done` is true. Rejects after `timeout` milliseconds, with what came instead. */
  async until(done: () => boolean, what: string, timeout = 5_000): Promise<void> {
    await until(done, `${this.name}: ${what}`, timeout, () => this.describe());
  }

  /** Waits for as many notifications of a topic; fails unless their numbers are these. */
  async receives(topic: KitTopic, numbers: readonly number[]): Promise<void> {
    await this.until(() => this.log.numbers(topic).length >= numbers.length, `${numbers.length} of ${topic}`);
    assert.deepEqual(this.log.numbers(topic), numbers);
  }

  describe(): string {
    const errors = this.errors.map((error) => `  error: ${String(error)}`);
    return [
      `state ${this.channel.state}, was ${this.states.slice(-8).join(" ")}`,
      this.log.describe(),
      ...errors,
    ].join("\n");
  }
}

/** Settles as the promise does, or rejects after `ms` milliseconds with `what` was awaited. */
export async function withTimeout<T>(promise: Promise<T>, what: string, ms = 5_000): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
