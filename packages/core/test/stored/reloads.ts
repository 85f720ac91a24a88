/**
 * Reloads at random points: pages of one application publish and listen, lose their network, and
 * are killed and loaded again at any moment, between any two microtasks. A ledger of the hub's log,
 * of the store and of the deliveries judges.
 */
import type { Position } from "@bellwire/core";
import {
  createChannel,
  type NotificationChannel,
  type Subscription,
  storedOutbox,
  storedPositions,
} from "@bellwire/core/client";
import { type Random, seededRandom, settle } from "@bellwire/core/conformance";
import { memoryBackplane } from "@bellwire/core/server";
import { authenticate, type Topics, topics, type User, World } from "../world.ts";
import { Device, type Page } from "./device.ts";

export interface ReloadsOptions {
  readonly seed: number;
  readonly reloads: number;
  /** The store of the device. */
  readonly store: "text" | "keyed";
  /** Whether the pages publish as a user; otherwise each publishes as its session. */
  readonly signedIn: boolean;
  /** Tabs that are open at a time. */
  readonly tabs: number;
}

export interface ReloadsReport {
  readonly reloads: number;
  /** Publishes that a page has called. */
  readonly published: number;
  /** Those among them that were in the store, and sent by a later page. */
  readonly leftovers: number;
  readonly deliveries: number;
  /** Notifications that were delivered again, since their positions were not stored. */
  readonly repeated: number;
  /** One line for each promise that was broken. */
  readonly broken: readonly string[];
}

/** A tab of the browser, over all pages that are loaded in it. */
interface Tab {
  readonly name: string;
  page: Page;
  channel: NotificationChannel<Topics>;
  /** The position that the present page resumed from. */
  resumed: Position | undefined;
  /** Offsets that its listeners received, over all of its pages. */
  readonly heard: number[];
}

/** Runs one schedule, and returns what the ledger found. */
export async function runReloads(options: ReloadsOptions): Promise<ReloadsReport> {
  const random = seededRandom(options.seed);
  const world = new World<User>({
    ...(options.signedIn && { authenticate }),
    authorize: () => true,
    backplane: memoryBackplane({ history: { size: 100_000, ttl: 1e12, bytes: 1e9, ids: 1e6 } }),
    limits: { recovery: 100_000, messageRate: 1e6, messageBurst: 1e6, linksPerUser: 1_000, byteRate: 1e9 },
  });
  const device = new Device(world.clock, () => world.transport());
  const token = { ...(options.signedIn && { token: () => "alice" }) };
  const broken: string[] = [];
  /** The hub's log: the publish's name by offset. */
  const log = new Map<number, string>();
  const accepted = new Set<string>();
  const acknowledged = new Set<string>();
  const reported = new Map<string, string>();
  const called: string[] = [];
  let [deliveries, repeated, reloads] = [0, 0, 0];

  device.disk.changed = (key) => {
    if (!key.includes("/page/")) return;
    const { message } = JSON.parse(String(device.disk.texts.get(key))) as { message: { id: string } };
    accepted.add(message.id);
  };

  async function load(tab: Tab): Promise<void> {
    // No page is loaded in the same millisecond as the one before it.
    await world.clock.advance(1);
    const page = device.page();
    const store = options.store === "text" ? page.storage : page.keyed;
    const prefix = `positions/${tab.name}/`;
    tab.page = page;
    const opened = storedPositions(store as never, prefix);
    // A page may be killed while its positions are loaded: then nothing of it goes on.
    const positions = opened instanceof Promise ? await within(opened, page, random) : opened;
    if (!positions) return load(tab);
    const durable = device.disk.texts.get(`${prefix}news.a`);
    tab.resumed =
      typeof durable === "string" ? (JSON.parse(durable) as Position) : (durable as Position | undefined);
    const outbox = storedOutbox(store, {
      key: "app",
      platform: page.platform,
      onLeftover({ id, error }) {
        // A store with promises may still have a publish that was reported when its page is killed.
        if (reported.has(id) && options.store === "text") broken.push(`${id}: reported twice`);
        reported.set(id, error?.code ?? "appended");
      },
    });
    tab.channel = createChannel({
      ...token,
      topics,
      transport: page.transport,
      clock: page.clock,
      random: () => random.next(),
      backoff: { base: 50, cap: 200 },
      positions,
      outbox,
    });
    tab.channel.onError((error) => broken.push(`${tab.name}: ${(error as Error).message}`));
    const subscription: Subscription<Topics, "news.a"> = tab.channel.subscribe("news.a") as never;
    let first = true;
    subscription.onGap(({ reason }) => broken.push(`${tab.name}: a gap of reason ${reason}`));
    subscription.on("said", ({ position }) => {
      const { offset } = position;
      const last = tab.heard.at(-1);
      deliveries += 1;
      if (first && tab.resumed) {
        if (offset !== tab.resumed.offset + 1)
          broken.push(`${tab.name}: ${offset} after a reload at ${tab.resumed.offset}`);
        // A position in a text store is there as soon as the listeners have run.
        if (last !== undefined && options.store === "text" && offset !== last + 1)
          broken.push(`${tab.name}: ${offset} after ${last}, over a reload`);
        if (last !== undefined && offset <= last) repeated += last - offset + 1;
      } else if (!first && offset !== (last ?? 0) + 1) broken.push(`${tab.name}: ${offset} after ${last}`);
      first = false;
      tab.heard.push(offset);
    });
  }

  function publish(tab: Tab): void {
    const name = `${tab.name}/${called.length}`;
    called.push(name);
    tab.channel.publish("news.a", "said", { n: called.length - 1 }, { id: name }).then(
      () => acknowledged.add(name),
      (error: unknown) => {
        if (tab.page.alive) broken.push(`${name}: ${(error as Error).message}`);
      },
    );
  }

  const observer = await world.connected(token);
  observer.subscribe("news.a").on("said", ({ data, position }) => {
    const name = called[data.n];
    if (name !== undefined) log.set(position.offset, name);
  });
  const tabs: Tab[] = [];
  for (let at = 0; at < options.tabs; at++) {
    const tab = { name: `tab${at}`, heard: [], resumed: undefined } as unknown as Tab;
    await load(tab);
    tabs.push(tab);
  }
  await world.clock.advance(100);

  while (reloads < options.reloads) {
    const tab = random.pick(tabs);
    for (let count = random.int(4); count > 0; count--) publish(tab);
    if (random.chance(0.2)) void world.hub.publish("news.a", "said", { n: -1 });
    if (random.chance(0.15)) device.online = !device.online;
    if (random.chance(0.05)) {
      tab.page.tell("freeze");
      await pass(world, random.int(8_000));
      tab.page.tell("resume");
    }
    await moment(world, random);
    if (random.chance(0.7)) {
      tab.page.kill();
      reloads += 1;
      if (random.chance(0.1)) await pass(world, random.int(12_000));
      await load(tab);
    }
    // The hub knows an id for 5 minutes; a device that is without a network for longer is a case
    // of its own.
    if (!device.online && random.chance(0.2)) device.online = true;
  }

  device.online = true;
  for (let second = 0; second < 120 && leftOnDisk(device) > 0; second++) await pass(world, 1_000);
  await pass(world, 2_000);
  judge();
  for (const { page, channel } of tabs) {
    page.kill();
    channel.close();
  }
  await world.dispose();
  const leftovers = Array.from(reported.values()).filter((fate) => fate === "appended").length;
  return { reloads, published: called.length, leftovers, deliveries, repeated, broken };

  function judge(): void {
    if (leftOnDisk(device) > 0) broken.push(`${leftOnDisk(device)} publishes are left in the store`);
    const offsets = new Map<string, number[]>();
    for (const [offset, name] of log) offsets.set(name, [...(offsets.get(name) ?? []), offset]);
    for (const name of called) {
      const times = offsets.get(name)?.length ?? 0;
      if (times > 1) broken.push(`${name}: appended ${times} times`);
      if (times === 0 && (accepted.has(name) || acknowledged.has(name)))
        broken.push(`${name}: lost (${reported.get(name)})`);
    }
    for (const { name: tab, heard } of tabs) {
      const own = Array.from(log.values()).filter((name) => name.startsWith(`${tab}/`));
      const numbers = own.map((name) => Number(name.slice(tab.length + 1)));
      if (numbers.some((n, at) => at > 0 && n < (numbers[at - 1] ?? 0))) broken.push(`${tab}: out of order`);
      const last = Math.max(...log.keys());
      if ((heard.at(-1) ?? 0) < last) broken.push(`${tab}: nothing after ${heard.at(-1)} of ${last}`);
    }
  }
}

function leftOnDisk({ disk }: Device): number {
  return Array.from(disk.texts.keys()).filter((key) => key.includes("/page/")).length;
}

/** A random moment later: some microtasks, some turns of the event loop, or some time. */
async function moment(world: World<User>, random: Random): Promise<void> {
  const kind = random.int(4);
  if (kind === 0) return;
  if (kind === 1) for (let turn = random.int(60); turn > 0; turn--) await Promise.resolve();
  else if (kind === 2) for (let turn = random.int(25); turn > 0; turn--) await settle();
  else await pass(world, random.int(600));
}

/** Time passes, and a store has time for what it has to do. */
async function pass(world: World<User>, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 200) {
    for (let turn = 0; turn < 10; turn++) await settle();
    await world.clock.advance(Math.min(left, 200));
  }
}

/** The value, or nothing if the page is killed before it is there. */
async function within<T>(value: Promise<T>, page: Page, random: Random): Promise<T | undefined> {
  if (!random.chance(0.05)) return value;
  for (let turn = random.int(6); turn > 0; turn--) await settle();
  page.kill();
  return undefined;
}
