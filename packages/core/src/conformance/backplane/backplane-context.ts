/** The world of one case: an empty log, the instances over it, and their listeners. */
import assert from "node:assert/strict";
import type { Position } from "../../protocol/messages.ts";
import type { Backplane, Entry, NewEntry } from "../../server/index.ts";
import { range } from "../cases/case.ts";
import type { Random } from "../random.ts";
import { comparable, Heard } from "./heard.ts";
import type { BackplaneStore, MakeBackplane } from "./store.ts";

/** 2026-01-01T00:00:00.123Z: a time with milliseconds, which an engine must not round. */
export const TIME = 1_767_225_600_123;

/** More entries than any case appends to one topic. */
const EVERYTHING = 10_000;

/** The topic of cases that need no more than one. */
export const TOPIC = "news.sport";

export class BackplaneContext {
  readonly store: BackplaneStore;
  readonly random: Random;
  /** Milliseconds to wait for a delivery. */
  readonly patience: number;
  readonly #make: MakeBackplane;
  readonly #stores: BackplaneStore[];
  readonly #aside: Promise<unknown>[] = [];
  #made = 0;

  constructor(store: BackplaneStore, make: MakeBackplane, random: Random, patience: number) {
    this.store = store;
    this.random = random;
    this.patience = patience;
    this.#make = make;
    this.#stores = [store];
  }

  get instances(): readonly Backplane[] {
    return this.store.instances;
  }

  /** An instance by any number, so that cases can take turns among those there are. */
  instance(n = 0): Backplane {
    const { instances } = this.store;
    return instances[n % instances.length] as Backplane;
  }

  /** An entry whose data no other entry of the case has, unless `fields` gives it. */
  entry(fields: Partial<NewEntry> = {}): NewEntry {
    return { event: "said", json: `{"n":${++this.#made}}`, time: TIME, ...fields };
  }

  append(topic: string, fields: Partial<NewEntry> = {}, instance = 0): Promise<Position> {
    return this.instance(instance).append(topic, this.entry(fields));
  }

  /** Appends so many entries, all at once and through all instances. */
  appendAtOnce(topic: string, count: number): Promise<readonly Position[]> {
    return Promise.all(range(0, count - 1).map((n) => this.append(topic, {}, n)));
  }

  /** A backplane over an empty log of its own. */
  async anotherLog(): Promise<Backplane> {
    const store = await this.#make({ instances: 1 });
    this.#stores.push(store);
    return store.instances[0] as Backplane;
  }

  /** Closes every instance and releases the stores. */
  async close(): Promise<void> {
    for (const { instances } of this.#stores)
      await Promise.all(instances.map((instance) => instance.close()));
    for (const store of this.#stores) await store.release?.();
  }

  /** Takes a promise that `settled` waits for; a rejection before that is not unhandled. */
  aside(promise: Promise<unknown>): void {
    promise.catch(() => {});
    this.#aside.push(promise);
  }

  /** Waits for everything that was put aside. Rejects if any of it has. */
  async settled(): Promise<void> {
    await Promise.all(this.#aside);
  }

  /** Starts to listen; a case needs not stop, since every instance is closed after it. */
  listen(
    topic: string,
    instance = 0,
    then: (entry: Entry, epoch: string) => void = () => {},
  ): Promise<Heard> {
    return Heard.listen(this.instance(instance), topic, this.patience, then);
  }

  /** One listener on each instance. */
  listenEverywhere(topic: string): Promise<readonly Heard[]> {
    return Promise.all(this.instances.map((_, n) => this.listen(topic, n)));
  }

  async head(topic: string, instance = 0): Promise<Position> {
    return (await this.instance(instance).read(topic, undefined, 0)).head;
  }

  /** Everything after an offset; fails unless it is complete and in order. */
  async after(topic: string, position: Position, instance = 0): Promise<readonly Entry[]> {
    const history = await this.instance(instance).read(topic, position, EVERYTHING);
    assert.ok(history.ok, `${describe(position)} cannot be read: ${JSON.stringify(history)}`);
    assert.deepEqual(
      history.entries.map(({ offset }) => offset),
      range(position.offset + 1, history.head.offset),
      `the entries after ${describe(position)}`,
    );
    return history.entries.map(comparable);
  }

  /** The whole log of a topic. */
  async log(topic: string, instance = 0): Promise<readonly Entry[]> {
    return this.after(topic, { epoch: (await this.head(topic, instance)).epoch, offset: 0 }, instance);
  }

  /** Fails unless a read is refused for the reason and says where the topic stands. */
  async refuses(topic: string, after: Position, reason: string, limit: number = EVERYTHING): Promise<void> {
    for (const instance of this.instances) {
      const head = await this.head(topic);
      const history = await instance.read(topic, after, limit);
      assert.deepEqual(history, { ok: false, head, reason }, `a read after ${describe(after)}`);
    }
  }
}

function describe({ epoch, offset }: Position): string {
  return `${epoch}/${offset}`;
}
