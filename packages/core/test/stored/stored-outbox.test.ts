/** Publishes that outlive their page. */
import type { ChannelOptions, KeyValueStore, Leftover, NotificationChannel } from "@bellwire/core/client";
import { storedOutbox } from "@bellwire/core/client";
import { settle } from "@bellwire/core/conformance";
import { IDBFactory } from "fake-indexeddb";
import * as idb from "idb-keyval";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { authenticate, codeOf, type Topics, type User, World } from "../world.ts";
import { Device, type Page } from "./device.ts";

let world: World<User>;
let device: Device;
/** The numbers in the topic's log. */
let heard: number[];
/** The store that the pages use. */
let kind: "text" | "keyed";

beforeEach(async () => {
  world = new World<User>({ authenticate, authorize: () => true });
  device = new Device(world.clock, () => world.transport());
  heard = [];
  kind = "text";
  const observer = await world.connected({ token: () => "observer" });
  observer.subscribe("news.a").onAny(({ data }) => heard.push((data as { n: number }).n));
  await settle();
});
afterEach(() => world.dispose());

interface Opened {
  readonly page: Page;
  readonly channel: NotificationChannel<Topics>;
  readonly leftovers: Leftover[];
  readonly errors: unknown[];
  /** Publishes. */
  readonly say: (...numbers: readonly number[]) => void;
  /** Publishes, and returns the promises of the receipts. */
  readonly receipts: (...numbers: readonly number[]) => Promise<unknown>[];
}

interface OpenOptions {
  readonly key?: string;
  readonly withoutLocks?: boolean;
  readonly withoutCallback?: boolean;
  readonly channel?: Partial<ChannelOptions<Topics>>;
}

function open(options: OpenOptions = {}): Opened {
  const page = device.page(!options.withoutLocks);
  const leftovers: Leftover[] = [];
  const errors: unknown[] = [];
  const channel = world.channel({
    token: () => "alice",
    transport: page.transport,
    clock: page.clock,
    outbox: storedOutbox(kind === "text" ? page.storage : page.keyed, {
      key: options.key ?? "alice",
      platform: page.platform,
      ...(!options.withoutCallback && { onLeftover: (leftover) => leftovers.push(leftover) }),
    }),
    ...options.channel,
  });
  channel.onError((error) => errors.push(error));
  channel.connect();
  const receipts = (...numbers: readonly number[]): Promise<unknown>[] =>
    numbers.map((n) => {
      const publish = channel.publish("news.a", "said", { n }, { id: `id-${n}` });
      publish.catch(() => {});
      return publish;
    });
  const say = (...numbers: readonly number[]): void => void receipts(...numbers);
  return { page, channel, leftovers, errors, say, receipts };
}

/** Time passes, and whatever a store has to do in it is done. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1_000) {
    for (let turn = 0; turn < 25; turn++) await settle();
    await world.clock.advance(Math.min(left, 1_000));
  }
  for (let turn = 0; turn < 25; turn++) await settle();
}

/** Publishes in the store. */
const stored = (): string[] =>
  Array.from(device.disk.texts.keys()).filter((key) => key.includes("/page/") && !key.includes("/lease/"));
const fates = (leftovers: readonly Leftover[]): (string | number | undefined)[][] =>
  leftovers.map(({ id, position, error }) => [id, error?.code ?? position?.offset]);

describe.each(["text", "keyed"] as const)("an outbox in a %s store", (store) => {
  beforeEach(() => {
    kind = store;
  });

  it("appends once and in order what was published without a link, before the new publishes after a reload", async () => {
    device.online = false;
    const first = open();
    first.say(1, 2, 3);
    await pass(10);
    expect(stored()).toHaveLength(3);
    first.page.kill();
    const second = open();
    const receipts = second.receipts(4, 5);
    await pass(1_000);
    device.online = true;
    await pass(30_000);
    expect(heard).toEqual([1, 2, 3, 4, 5]);
    expect(fates(second.leftovers)).toEqual([
      ["id-1", 1],
      ["id-2", 2],
      ["id-3", 3],
    ]);
    expect(await Promise.all(receipts)).toMatchObject([
      { position: { offset: 4 } },
      { position: { offset: 5 } },
    ]);
    expect(stored()).toEqual([]);
  });

  it("appends no second time what was appended when the page went before the answer came", async () => {
    const first = open();
    await pass(100);
    first.page.deaf = true;
    first.say(1, 2);
    await pass(10);
    expect(heard).toEqual([1, 2]);
    first.page.kill();
    const second = open();
    second.say(3);
    await pass(5_000);
    expect(heard).toEqual([1, 2, 3]);
    expect(fates(second.leftovers)).toEqual([
      ["id-1", 1],
      ["id-2", 2],
    ]);
  });

  it("keeps nothing once every publish has its answer", async () => {
    const { receipts: publish } = open();
    const receipts = publish(1, 2);
    await pass(100);
    await Promise.all(receipts);
    expect([heard, stored()]).toEqual([[1, 2], []]);
  });

  it("sends what was never sent after days, and drops what was sent more than 4.5 minutes ago with no_answer", async () => {
    const first = open();
    await pass(100);
    first.page.deaf = true;
    first.say(1);
    await pass(10);
    device.online = false;
    first.say(2);
    await pass(10);
    first.page.kill();
    world.clock.jumpWall(3 * 86_400_000);
    device.online = true;
    const second = open();
    await pass(5_000);
    expect(heard).toEqual([1, 2]);
    expect(second.leftovers).toMatchObject([
      { id: "id-1", topic: "news.a", event: "said", data: { n: 1 }, error: { code: "no_answer" } },
      { id: "id-2", position: { offset: 2 } },
    ]);
    expect(stored()).toEqual([]);
  });

  it("goes by the time when it has a link again, not by that of the reload", async () => {
    const first = open();
    await pass(100);
    first.page.deaf = true;
    first.say(1);
    await pass(10);
    first.page.kill();
    device.online = false;
    const second = open();
    await pass(1_000);
    world.clock.jumpWall(275_000);
    device.online = true;
    await pass(30_000);
    expect(fates(second.leftovers)).toEqual([["id-1", "no_answer"]]);
    expect([heard, stored()]).toEqual([[1], []]);
  });

  it("leaves what another user has left alone, and sends it when that user is back", async () => {
    device.online = false;
    const alice = open();
    alice.say(1);
    await pass(10);
    alice.page.kill();
    device.online = true;
    const bob = open({ key: "bob", channel: { token: () => "bob" } });
    bob.say(2);
    await pass(10_000);
    expect([heard, stored().length, bob.leftovers]).toEqual([[2], 1, []]);
    bob.page.kill();
    const back = open();
    await pass(5_000);
    expect([heard, fates(back.leftovers)]).toEqual([[2, 1], [["id-1", 2]]]);
  });

  it("has the leftovers of a page that is gone sent by one of the pages that are open", async () => {
    const open1 = open();
    const open2 = open();
    const gone = open();
    await pass(100);
    device.online = false;
    gone.say(1, 2);
    await pass(10);
    gone.page.kill();
    device.online = true;
    await pass(40_000);
    expect(heard).toEqual([1, 2]);
    expect([...open1.leftovers, ...open2.leftovers]).toHaveLength(2);
    const hellos = [open1, open2].flatMap(({ page }) => page.sent.filter(({ type }) => type === "publish"));
    expect(hellos).toHaveLength(2);
  });

  it("has them sent by the next page when the one that sends them is killed", async () => {
    device.online = false;
    const gone = open();
    gone.say(1, 2, 3);
    await pass(10);
    gone.page.kill();
    const sender = open();
    await pass(10);
    const waits = open();
    waits.say(4);
    await pass(10);
    expect(device.locks.held("bellwire/outbox/1/alice/send")).toBe(true);
    sender.page.kill();
    await pass(10);
    device.online = true;
    await pass(30_000);
    expect([heard, waits.leftovers.length, stored()]).toEqual([[1, 2, 3, 4], 3, []]);
  });

  it("lets two pages that are open send their own publishes, each in its order", async () => {
    const [one, two] = [open(), open()];
    device.online = false;
    one.say(1, 2);
    two.say(11, 12);
    await pass(10_000);
    device.online = true;
    await pass(30_000);
    expect(heard.filter((n) => n < 10)).toEqual([1, 2]);
    expect(heard.filter((n) => n > 10)).toEqual([11, 12]);
    expect([one.leftovers, two.leftovers]).toEqual([[], []]);
  });

  it("has a frozen page's publishes sent by another, and the page learns of it when it goes on", async () => {
    const frozen = open();
    const other = open();
    await pass(100);
    device.online = false;
    const receipts = frozen.receipts(1);
    await pass(10);
    frozen.page.tell("freeze");
    frozen.page.deaf = true;
    device.online = true;
    await pass(40_000);
    expect([heard, fates(other.leftovers)]).toEqual([[1], [["id-1", 1]]]);
    frozen.page.deaf = false;
    frozen.page.tell("resume");
    const more = frozen.receipts(2);
    await pass(60_000);
    expect(await Promise.all([...receipts, ...more])).toMatchObject([
      { position: { offset: 1 } },
      { position: { offset: 2 } },
    ]);
    expect([heard, stored()]).toEqual([[1, 2], []]);
  });

  it("tells a page that stood still for long that its publish may have been appended", async () => {
    const frozen = open();
    open();
    await pass(100);
    device.online = false;
    const [publish] = frozen.receipts(1);
    await pass(10);
    frozen.page.tell("pagehide");
    device.online = true;
    await pass(40_000);
    world.clock.jumpWall(600_000);
    frozen.page.tell("pageshow");
    await pass(30_000);
    expect([await codeOf(publish as Promise<unknown>), heard, stored()]).toEqual(["no_answer", [1], []]);
  });

  it("goes on when it was left at the moment at which it got its lock", async () => {
    for (let turns = 0; turns < 12; turns++) {
      const { page, receipts } = open();
      for (let turn = 0; turn < turns; turn++) await (turns % 2 ? settle() : Promise.resolve());
      page.tell("freeze");
      page.tell("resume");
      const [publish] = receipts(turns);
      await pass(1_000);
      await publish;
      page.kill();
    }
    expect(heard).toEqual(Array.from({ length: 12 }, (_, n) => n));
  });

  it("keeps what waits when the channel is closed, and another channel of the page sends it", async () => {
    device.online = false;
    const first = open();
    const [publish] = first.receipts(1);
    await pass(10);
    first.channel.close();
    expect(await codeOf(publish as Promise<unknown>)).toBe("closed");
    device.online = true;
    const second = open();
    await pass(10_000);
    expect([heard, fates(second.leftovers), stored()]).toEqual([[1], [["id-1", 1]], []]);
    expect(device.locks.names).toHaveLength(1);
  });

  it("takes out what its caller gave up, and keeps no volatile event", async () => {
    device.online = false;
    const first = open();
    const abort = new AbortController();
    const publish = first.channel.publish("news.a", "said", { n: 1 }, { signal: abort.signal });
    expect(await codeOf(first.channel.publish("news.a", "typing", { n: 2 }))).toBe("link_lost");
    await pass(10);
    expect(stored()).toHaveLength(1);
    abort.abort();
    expect(await codeOf(publish)).toBe("aborted");
    await pass(10);
    expect(stored()).toEqual([]);
  });

  it("reports the hub's refusal of a leftover, and goes on with the next", async () => {
    device.online = false;
    const first = open();
    first.channel.publish("orders", "place", { n: 1 }, { id: "refused" }).catch(() => {});
    first.say(2);
    await pass(10);
    first.page.kill();
    device.online = true;
    world.hub.handle("orders", "place", () => {
      throw Object.assign(new Error("no"), {});
    });
    const second = open({ withoutCallback: true });
    await pass(10_000);
    expect([heard, stored()]).toEqual([[2], []]);
    expect(second.errors).toMatchObject([{ code: "internal" }]);
  });

  it("reports a store that is full or forbidden, and has the publish in memory", async () => {
    device.online = false;
    const { receipts: publish, errors } = open();
    await pass(10);
    device.disk.quota = 0;
    const receipts = publish(1, 2);
    await pass(10);
    expect([errors.length, stored()]).toEqual([2, []]);
    expect(errors[0]).toMatchObject({ name: "QuotaExceededError" });
    device.online = true;
    await pass(30_000);
    await Promise.all(receipts);
    expect(heard).toEqual([1, 2]);
  });

  it("keeps no older mark of a publish whose new mark did not fit: it might be taken for unsent later", async () => {
    device.online = false;
    const { say, page, errors } = open();
    say(1);
    await pass(10);
    expect(stored()).toHaveLength(1);
    page.deaf = true;
    device.disk.quota = 0;
    device.online = true;
    page.deaf = false;
    await pass(10_000);
    expect(heard).toEqual([1]);
    expect([errors.length, stored()]).toEqual([1, []]);
  });

  it("skips what is no publish of ours, and says so", async () => {
    const key = "bellwire/outbox/1/alice/page/00mcwz0000.0123456789abcdefghijkl/00000001";
    for (const [at, text] of [
      "",
      "null",
      "{",
      '{"sent":-1,"message":{}}',
      '{"sent":0,"message":{"type":"hello"}}',
    ].entries())
      device.disk.texts.set(`${key}${at}`, text);
    const { errors, say } = open();
    say(1);
    await pass(10_000);
    expect([heard, stored()]).toEqual([[1], []]);
    expect(errors).toHaveLength(5);
  });

  it("holds 1,000 publishes, those of earlier pages included, and refuses more with outbox_full", async () => {
    device.online = false;
    const first = open();
    first.say(...Array.from({ length: 600 }, (_, n) => n));
    while (stored().length < 600) await pass(10);
    first.page.kill();
    const second = open();
    await pass(1_000);
    const receipts = second.receipts(...Array.from({ length: 401 }, (_, n) => 600 + n));
    expect(await codeOf(receipts.at(-1) as Promise<unknown>)).toBe("outbox_full");
    device.online = true;
    for (let second = 0; second < 120 && heard.length < 1_000; second++) await pass(1_000);
    expect(heard).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
  });

  it("tries no more when the hub refuses the application for good, and keeps everything", async () => {
    device.online = false;
    const first = open();
    first.say(1);
    await pass(10);
    first.page.kill();
    device.online = true;
    const refused = open({ channel: { token: () => "nobody" } });
    await pass(60_000);
    expect(refused.page.sent.filter(({ type }) => type === "hello")).toHaveLength(1);
    expect([stored().length, heard]).toEqual([1, []]);
    refused.channel.close();
    open();
    await pass(10_000);
    expect([stored(), heard]).toEqual([[], [1]]);
  });

  it("sends an anonymous channel's leftovers under the session that they were published with", async () => {
    const page = device.page();
    const anonymous = new World({ authorize: () => true });
    onTestFinished(() => anonymous.dispose());
    const log: number[] = [];
    const observer = await anonymous.connected();
    observer.subscribe("news.a").onAny(({ data }) => log.push((data as { n: number }).n));
    const start = (page: Page): NotificationChannel<Topics> =>
      anonymous.channel({
        clock: world.clock,
        outbox: storedOutbox(kind === "text" ? page.storage : page.keyed, {
          key: "hub",
          platform: page.platform,
        }),
        transport: { ...page.transport, connect: (o) => anonymousDevice.page().transport.connect(o) },
      });
    const anonymousDevice = new Device(world.clock, () => anonymous.transport());
    const first = start(page);
    await pass(10);
    void first.publish("news.a", "said", { n: 1 }).catch(() => {});
    for (let turn = 0; turn < 200 && log.length === 0; turn++) await Promise.resolve();
    if (log.length === 0) for (let turn = 0; turn < 20 && log.length === 0; turn++) await settle();
    page.kill();
    expect(log).toEqual([1]);
    start(device.page());
    await pass(10_000);
    expect(log).toEqual([1]);
  });
});

describe("pages without locks", () => {
  it("agree by leases in the store, which end with the page", async () => {
    device.online = false;
    const first = open({ withoutLocks: true });
    await pass(2_000);
    first.say(1, 2);
    await pass(10);
    first.page.tell("pagehide");
    await pass(10);
    first.page.kill();
    device.online = true;
    const second = open({ withoutLocks: true });
    const third = open({ withoutLocks: true });
    second.say(3);
    third.say(4);
    await pass(40_000);
    expect(heard.slice(0, 2)).toEqual([1, 2]);
    expect(new Set(heard.slice(2))).toEqual(new Set([3, 4]));
    expect([...second.leftovers, ...third.leftovers]).toHaveLength(2);
    expect(stored()).toEqual([]);
    second.channel.close();
    third.channel.close();
    await pass(5_000);
    expect(Array.from(device.disk.texts.keys())).toEqual([]);
  });

  it("send the leftovers of one that crashed within 20 s, when its lease is over", async () => {
    device.online = false;
    const first = open({ withoutLocks: true });
    await pass(2_000);
    first.say(1, 2);
    await pass(10);
    first.page.kill();
    device.online = true;
    const second = open({ withoutLocks: true });
    await pass(20_000);
    expect([heard, second.leftovers.length, stored()]).toEqual([[1, 2], 2, []]);
  });
});

it("sends without a store that never answers, and reports it", async () => {
  kind = "keyed";
  device.disk.silent = true;
  const { receipts: publish, errors } = open();
  const receipts = publish(1, 2);
  await pass(30_000);
  await Promise.all(receipts);
  expect(heard).toEqual([1, 2]);
  expect(errors.length).toBeGreaterThan(0);
});

it("takes idb-keyval as it is, over IndexedDB", async () => {
  const globals = globalThis as { indexedDB?: unknown };
  globals.indexedDB = new IDBFactory();
  onTestFinished(() => {
    delete globals.indexedDB;
  });
  const pages = [device.page(), device.page()] as const;
  const start = (page: Page) =>
    world.channel({
      token: () => "alice",
      transport: page.transport,
      clock: page.clock,
      outbox: storedOutbox(idb, { key: "alice", platform: page.platform }),
    });
  device.online = false;
  void start(pages[0])
    .publish("news.a", "said", { n: 1 })
    .catch(() => {});
  await expect.poll(async () => (await idb.keys()).length).toBe(1);
  pages[0].kill();
  device.online = true;
  start(pages[1]);
  await expect
    .poll(
      async () => {
        await world.clock.advance(10);
        return [heard, await idb.keys()];
      },
      { timeout: 10_000 },
    )
    .toEqual([[1], []]);
});

it.each([
  [undefined, { key: "k" }, "storedOutbox.store"],
  [{ getItem() {} }, { key: "k" }, "storedOutbox.store"],
  [{ get() {}, set() {} }, { key: "k" }, "storedOutbox.store"],
  [{ get() {}, set() {}, del() {}, keys() {} }, {}, "storedOutbox.key"],
  [{ get() {}, set() {}, del() {}, keys() {} }, { key: "" }, "storedOutbox.key"],
  [{ get() {}, set() {}, del() {}, keys() {} }, { key: "k", onLeftover: 1 }, "storedOutbox.onLeftover"],
])("refuses the store %s with the options %s", (store, options, path) => {
  expect(() => storedOutbox(store as unknown as KeyValueStore, options as { key: string })).toThrow(
    expect.objectContaining({ code: "invalid_option", message: expect.stringContaining(path) }),
  );
});
