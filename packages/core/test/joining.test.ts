/** Joining late, on the client: history on subscribe, pages, and snapshots that join the stream. */
import type { Position } from "@bellwire/core";
import { type HistoryChannel, type Notification, type Snapshot, withHistory } from "@bellwire/core/client";
import { settle } from "@bellwire/core/conformance";
import { memoryBackplane } from "@bellwire/core/server";
import { afterEach, describe, expect, it } from "vitest";
import { codeOf, type Topics, World } from "./world.ts";

let world: World;
afterEach(() => world.dispose());

const TOPIC = "news.a";

async function connected(options: Parameters<World["connected"]>[0] = {}): Promise<HistoryChannel<Topics>> {
  const channel = withHistory(await world.connected(options));
  channel.onError((error) => world.complaints.push(error));
  return channel;
}

async function said(first: number, last = first): Promise<void> {
  for (let n = first; n <= last; n += 1) await world.hub.publish(TOPIC, "said", { n });
}

interface Heard {
  onAny(listener: (notification: Notification<string, string, { readonly n: number }>) => unknown): unknown;
  onGap(listener: (gap: { readonly reason: string }) => unknown): unknown;
  onEnd(listener: (error: { readonly code: string }) => unknown): unknown;
}

/** Everything that a subscription reports, in order. */
function hear(subscription: Heard): unknown[] {
  const heard: unknown[] = [];
  subscription.onAny(({ data }) => heard.push(data.n));
  subscription.onGap(({ reason }) => heard.push(reason));
  subscription.onEnd(({ code }) => heard.push(code));
  return heard;
}

const codes = (): unknown[] => world.complaints.map((error) => (error as { readonly code: string }).code);

describe("a subscription with history", () => {
  it("hears the past first, then what comes, and begins before the first of them", async () => {
    world = new World();
    await said(1, 5);
    const channel = await connected();
    const subscription = channel.subscribe(TOPIC, { history: 3 });
    const heard = hear(subscription);
    await said(6);
    expect((await subscription.ready()).offset).toBe(3);
    await said(7);
    await settle();
    expect(heard).toEqual([3, 4, 5, 6, 7].filter((n) => n > 3));
    expect(subscription.position?.offset).toBe(7);
  });

  it("hears it also when others listen already, who do not hear it again", async () => {
    world = new World();
    await said(1, 3);
    const channel = await connected();
    const first = hear(channel.subscribe(TOPIC));
    const beside = hear(channel.subscribe(TOPIC, { history: 2 }));
    await settle();
    await said(4);
    await settle();
    const late = hear(channel.subscribe(TOPIC, { history: 2 }));
    await said(5);
    await settle();
    expect([first, beside, late]).toEqual([
      [4, 5],
      [2, 3, 4, 5],
      [3, 4, 5],
    ]);
  });

  it("hears what is not older than a time", async () => {
    world = new World();
    await said(1, 2);
    await world.clock.advance(500);
    const since = world.clock.wall();
    await said(3, 4);
    const channel = await connected();
    const heard = hear(channel.subscribe(TOPIC, { history: { since } }));
    await settle();
    expect(heard).toEqual([3, 4]);
  });

  it("hears nothing of the past for 0, and refuses what is no history", async () => {
    world = new World();
    await said(1);
    const channel = await connected();
    const subscription = channel.subscribe(TOPIC, { history: 0 });
    const heard = hear(subscription);
    await subscription.ready();
    await said(2);
    await settle();
    expect(heard).toEqual([2]);
    for (const history of [-1, Number.NaN, 1.5, "x", {}, { since: "x" }, { since: 0, limit: 0 }])
      expect(() => channel.subscribe(TOPIC, { history } as never)).toThrow(
        expect.objectContaining({ code: "invalid_option" }),
      );
    expect(() => channel.subscribe(TOPIC, { past: 1 } as never)).toThrow(/subscribe\.past/);
  });

  it("asks again on the next link, and goes on from where it stood", async () => {
    world = new World();
    await said(1, 3);
    const channel = withHistory(world.channel());
    const subscription = channel.subscribe(TOPIC, { history: 2 });
    const heard = hear(subscription);
    await settle();
    await channel.switchTransport(world.transport());
    await said(4);
    await settle();
    expect(heard).toEqual([2, 3, 4]);
  });

  it("hears the past before the position that it resumes from, and all that was missed after it", async () => {
    world = new World();
    await said(1, 5);
    const stored = { ...(await world.hub.position(TOPIC)), offset: 3 };
    const channel = await connected({ positions: { load: () => stored, save: () => {} } });
    const heard = hear(channel.subscribe(TOPIC, { history: 2 }));
    await said(6);
    await settle();
    expect(heard).toEqual([2, 3, 4, 5, 6]);
  });

  it("begins without the past, and reports why, when the hub refuses it", async () => {
    let asked = 0;
    world = new World({ authorize: () => (asked += 1) === 1 });
    await said(1, 3);
    const channel = await connected();
    const subscription = channel.subscribe(TOPIC, { history: 2 });
    const heard = hear(subscription);
    expect((await subscription.ready()).offset).toBe(3);
    await said(4);
    await settle();
    expect(heard).toEqual([4]);
    expect(codes()).toEqual(["forbidden"]);
  });

  it("hears before its end what came before it, and nothing after it was closed", async () => {
    world = new World({ authenticate: () => ({ user: "alice" }) });
    await said(1, 3);
    const channel = await connected();
    const subscription = channel.subscribe(TOPIC, { history: 2 });
    const heard = hear(subscription);
    await subscription.ready();
    await world.hub.revoke("alice", TOPIC);
    await settle();
    expect(heard).toEqual([2, 3, "authorization", "forbidden"]);
    const closed = channel.subscribe(TOPIC, { history: 2 });
    const nothing = hear(closed);
    closed.close();
    await settle();
    expect(nothing).toEqual(["closed"]);
    expect(await codeOf(closed.ready())).toBe("closed");
  });

  it("holds a thousand notifications for the past, and then begins without it", async () => {
    let admit = (): void => {};
    let asked = 0;
    world = new World({
      backplane: memoryBackplane({ history: { size: 10 } }),
      authorize: () => {
        asked += 1;
        return asked === 1 || new Promise<boolean>((resolve) => (admit = () => resolve(true)));
      },
    });
    const channel = await connected();
    const heard = hear(channel.subscribe(TOPIC, { history: 5 }));
    await settle();
    await said(1, 1_000);
    await settle();
    expect(heard).toEqual([]);
    await said(1_001);
    await settle();
    expect(heard).toHaveLength(1_001);
    expect(codes()).toEqual(["slow_consumer"]);
    admit();
    await settle();
    expect(heard).toHaveLength(1_001);
  });
});

describe("channel.history", () => {
  it("pages back to the start, each notification once", async () => {
    world = new World();
    await said(1, 10);
    const channel = await connected();
    const pages: number[][] = [];
    let before: Position | undefined;
    do {
      const page = await channel.history(TOPIC, { before, limit: 4 });
      pages.push(page.notifications.map(({ data }) => data.n));
      ({ before } = page);
    } while (before);
    expect(pages).toEqual([
      [7, 8, 9, 10],
      [3, 4, 5, 6],
      [1, 2],
    ]);
  });

  it("waits for a link, and rejects when its signal, its channel or the hub ends that", async () => {
    world = new World({ authorize: ({ topic }) => topic === TOPIC });
    await said(1);
    const channel = withHistory(world.channel());
    expect(await codeOf(channel.history(TOPIC, { signal: AbortSignal.abort() }))).toBe("aborted");
    expect((await channel.history(TOPIC)).notifications).toMatchObject([
      { id: expect.any(String), data: { n: 1 } },
    ]);
    expect(await codeOf(channel.history("news.b"))).toBe("forbidden");
    expect(await codeOf(channel.history("nowhere" as typeof TOPIC))).toBe("unknown_topic");
    expect(await codeOf(channel.history(TOPIC, { limit: 0 }))).toBe("invalid_option");
    expect(await codeOf(channel.history(TOPIC, { before: { epoch: "", offset: -1 } }))).toBe(
      "invalid_option",
    );
    const waiting = codeOf(channel.history(TOPIC));
    channel.close();
    expect(await waiting).toBe("closed");
    expect(await codeOf(channel.history(TOPIC))).toBe("closed");
  });

  it("is repeated while the hub is over the rate or cannot answer", async () => {
    let broken = true;
    world = new World({
      limits: { subscribeBurst: 1, subscribeRate: 1 },
      authorize: () => {
        if (broken) throw new Error("broken");
        return true;
      },
    });
    await said(1);
    const channel = await connected();
    const pages = [channel.history(TOPIC), channel.history(TOPIC)];
    await settle();
    broken = false;
    await world.clock.advance(10_000);
    for (const page of pages) expect((await page).notifications).toHaveLength(1);
  });

  it("rejects when the hub does not know the command", async () => {
    world = new World();
    const inner = world.transport();
    const transport = {
      ...inner,
      connect: (observer: Parameters<typeof inner.connect>[0]) => {
        const link = inner.connect(observer);
        return {
          buffered: 0,
          send: (batch: Parameters<typeof link.send>[0]) =>
            link.send(
              batch.map((message) => (message.type === "history" ? ({ type: "new" } as never) : message)),
            ),
          close: (cause: Parameters<typeof link.close>[0]) => link.close(cause),
        };
      },
    };
    const channel = await connected({ transport });
    expect(await codeOf(channel.history(TOPIC))).toBe("malformed");
  });

  it("takes 100 requests at a time", async () => {
    world = new World();
    const channel = withHistory(world.channel());
    const all = Array.from({ length: 101 }, () => codeOf(channel.history(TOPIC)));
    expect(await all[100]).toBe("outbox_full");
    channel.close();
    await Promise.all(all);
  });
});

describe("a subscription with a snapshot", () => {
  interface Total extends Snapshot {
    readonly total: number;
  }

  /** A table, and a query that takes the position before it reads. */
  class Table {
    readonly rows: number[] = [];
    asked = 0;
    async add(n: number): Promise<void> {
      this.rows.push(n);
      await said(n);
    }
    readonly read = async (): Promise<Total> => {
      this.asked += 1;
      const position = await world.hub.position(TOPIC);
      await settle();
      // As of the position, so that a total can be expected.
      return { position, total: this.rows.slice(0, position.offset).reduce((sum, n) => sum + n, 0) };
    };
  }

  it("gets the snapshot first, and what it does not contain after it", async () => {
    world = new World();
    const table = new Table();
    await table.add(1);
    const channel = await connected();
    const subscription = channel.subscribe(TOPIC, { state: table.read });
    const heard = hear(subscription);
    subscription.onState(({ total, position }) => heard.push(`${total} at ${position.offset}`));
    await table.add(10);
    await settle();
    await table.add(100);
    await settle();
    expect(heard).toEqual(["11 at 2", 100]);
  });

  it("gets another one after a gap", async () => {
    world = new World({ backplane: memoryBackplane({ history: { size: 1 } }) });
    const table = new Table();
    const channel = await connected();
    const subscription = channel.subscribe(TOPIC, { state: table.read });
    const heard = hear(subscription);
    subscription.onState(({ total }) => heard.push(`${total}`));
    await settle();
    const transport = world.transport();
    let lose = (): void => {};
    await channel.switchTransport({
      ...transport,
      connect: (observer) => {
        const link = transport.connect(observer);
        lose = () => link.close({ code: "link_lost" });
        return link;
      },
    });
    await settle();
    lose();
    await table.add(1);
    await table.add(2);
    await world.clock.advance(10_000);
    await table.add(3);
    await settle();
    expect(heard).toEqual(["0", "evicted", "3", 3]);
    expect(table.asked).toBe(2);
  });

  it("asks again, later and later, while it fails or is too old, and reports that", async () => {
    world = new World();
    const channel = await connected();
    await said(1, 3);
    let asked = 0;
    const old = await world.hub.position(TOPIC);
    await said(4);
    const subscription = channel.subscribe(TOPIC, {
      state: async () => {
        asked += 1;
        if (asked === 1) throw new TypeError("no database");
        if (asked === 2) return {} as Snapshot;
        return asked < 5 ? { position: old } : { position: await world.hub.position(TOPIC) };
      },
    });
    const heard = hear(subscription);
    subscription.onState(() => heard.push("state"));
    await world.clock.advance(40_000);
    await said(5);
    await settle();
    expect(heard).toEqual(["state", 5]);
    expect(asked).toBe(5);
    expect(codes()).toEqual([undefined, "invalid_data", "invalid_data", "invalid_data"]);
  });

  it("aborts the query when the subscription is closed, and takes no history beside it", async () => {
    world = new World();
    const channel = await connected();
    const signals: AbortSignal[] = [];
    const subscription = channel.subscribe(TOPIC, {
      state: ({ signal }) => {
        signals.push(signal);
        return new Promise<Snapshot>(() => {});
      },
    });
    await settle();
    subscription.close();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(() => channel.subscribe(TOPIC, { history: 1, state: async () => ({}) } as never)).toThrow(
      expect.objectContaining({ code: "invalid_option" }),
    );
  });
});
