/** One client of a case: a channel, its log, and the means to cut it off. */
import assert from "node:assert/strict";
import type { ChannelPublishOptions, NotificationChannel, Receipt, Subscription } from "../client/index.ts";
import type { TopicMap } from "../contract.ts";
import type { FaultProxy } from "./fault-proxy.ts";
import type { KitEvent, KitTopic, KitTopics, Numbered } from "./kit-topics.ts";
import type { FaultyTransport, MessageRule } from "./message-faults.ts";
import type { PublishLog } from "./publish-log.ts";
import type { Random } from "./random.ts";
import { SessionLog, until } from "./session-log.ts";

/** What a client is made of. */
export interface ClientParts {
  readonly name: string;
  readonly channel: NotificationChannel<KitTopics>;
  readonly transport: FaultyTransport;
  /** The rules of `transport`; more may be added while the case runs. */
  readonly rules: MessageRule[];
  /** Undefined where the case runs without faults on the wire, or the wire has no port. */
  readonly proxy: FaultProxy | undefined;
  readonly publishes: PublishLog;
  readonly random: Random;
}

/** A subscription to any topic of the kit. */
export type KitSubscription = Subscription<KitTopics, KitTopic>;

export class Client {
  readonly name: string;
  readonly channel: NotificationChannel<KitTopics>;
  readonly log: SessionLog;
  /** What `onError` heard. */
  readonly errors: unknown[] = [];
  /** Every state since the start, in order. */
  readonly states: string[] = [];
  readonly #parts: ClientParts;

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

  get transport(): FaultyTransport {
    return this.#parts.transport;
  }

  get proxy(): FaultProxy | undefined {
    return this.#parts.proxy;
  }

  /** Subscribes, writes everything down, and waits until the hub has answered. */
  async subscribe(topic: KitTopic): Promise<KitSubscription> {
    const subscription = this.follow(topic);
    await withTimeout(subscription.ready(), `${this.name} to be subscribed to ${topic}`);
    return subscription;
  }

  /** Subscribes and writes everything down, without waiting. */
  follow(topic: KitTopic): KitSubscription {
    const subscription = this.channel.subscribe(topic) as KitSubscription;
    this.log.follow(subscription);
    return subscription;
  }

  /** Publishes through the channel; the ledger hears of it, however it ends. */
  publish(
    topic: KitTopic,
    data: Numbered,
    options: ChannelPublishOptions & { event?: KitEvent } = {},
  ): Promise<Receipt> {
    const { event = "said", ...rest } = options;
    return this.#parts.publishes.record(
      { topic, event, data, id: options.id, excluded: options.excludeSelf ? this.name : undefined },
      // The kit's events are not those of one topic to the compiler.
      (id) =>
        (this.channel as unknown as NotificationChannel<TopicMap>).publish(topic, event, data, {
          ...rest,
          id,
        }),
      (receipt) => receipt.position,
    );
  }

  /** Ends the connection that is up now, in one of the ways connections end; the channel comes back by itself. */
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

  /** Moves the channel to another connection of its wire, made before the running one is left. */
  move(): Promise<void> {
    return withTimeout(this.channel.switchTransport(this.transport), `${this.name} to have moved`);
  }

  /** Waits; a timeout, by default 5,000 ms, says what came instead. */
  async until(done: () => boolean, what: string, timeout = 5_000): Promise<void> {
    await until(done, `${this.name}: ${what}`, timeout, () => this.describe());
  }

  /** Waits until the numbers of a topic's notifications are these, and stay these for a moment. */
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

/** The promise, or a rejection after `ms` milliseconds (default 5,000) that says what was awaited. */
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
