/** Missed notifications arrive after a loss of the link, in order and once. */
import assert from "node:assert/strict";
import type { Position } from "../../protocol/messages.ts";
import { type Case, pause, range } from "./case.ts";

export const recovery: readonly Case[] = [
  {
    name: "replays what was missed, in order and once, after the link was lost",
    requires: "history",
    hardship: "cuts",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      await client.subscribe("news.sport");
      await client.subscribe("news.weather");
      await context.publishRange("news.sport", 1, 5);
      await client.receives("news.sport", range(1, 5));
      await client.away();
      await context.publishRange("news.sport", 6, 30);
      await context.publishRange("news.weather", 1, 3);
      await client.back();
      await context.publishRange("news.sport", 31, 35);
      await client.receives("news.sport", range(1, 35));
      await client.receives("news.weather", range(1, 3));
      assert.equal((await context.verify()).gaps, 0);
    },
  },
  {
    name: "loses and doubles nothing while the connection is cut again and again during publishing",
    requires: "history",
    hardship: "cuts",
    async run(context) {
      await context.open();
      const clients = [await context.client("a"), await context.client("b")];
      for (const client of clients) await client.subscribe("news.sport");
      for (const n of range(1, 120)) {
        await context.publish("news.sport", { n, text: "x".repeat(context.random.int(300)) });
        if (context.random.chance(0.1)) context.random.pick(clients).cut();
        if (context.random.chance(0.2)) await pause(context.random.int(8));
      }
      for (const client of clients) await client.receives("news.sport", range(1, 120));
      assert.equal((await context.verify()).gaps, 0);
    },
  },
  {
    name: "resumes from the subscribe reply's position when nothing was delivered yet",
    requires: "history",
    hardship: "cuts",
    async run(context) {
      await context.open();
      await context.publishRange("news.sport", 1, 3);
      const client = await context.client("a");
      await client.subscribe("news.sport");
      await client.away();
      await context.publishRange("news.sport", 4, 6);
      await client.back();
      await client.receives("news.sport", [4, 5, 6]);
      assert.equal((await context.verify()).gaps, 0);
    },
  },
  {
    name: "joins replay and live delivery with nothing lost or doubled",
    requires: "history",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      await client.subscribe("news.sport");
      let n = 0;
      for (let round = 0; round < 6; round++) {
        await client.away();
        await context.publishRange("news.sport", n + 1, n + 10);
        n += 10;
        const returning = client.back();
        for (let live = 0; live < 15; live++) {
          await context.publish("news.sport", { n: ++n });
          if (context.random.chance(0.5)) await pause(context.random.int(3));
        }
        await returning;
      }
      await client.receives("news.sport", range(1, n));
      assert.equal((await context.verify()).gaps, 0);
    },
  },
  {
    name: "finds a notification that was lost on the way at once, and repairs it",
    requires: "history",
    async run(context) {
      await context.open({ limits: { positionCheck: 60_000 } });
      const client = await context.client("a");
      client.rules.push({ type: "notification", nth: 4, every: 7, fault: "drop" });
      await client.subscribe("news.sport");
      for (const n of range(1, 40)) {
        await context.publish("news.sport", { n });
        await pause(1);
      }
      // One more, so that the last dropped notification has a successor.
      client.rules.length = 0;
      await context.publish("news.sport", { n: 41 });
      await client.receives("news.sport", range(1, 41));
      assert.equal((await context.verify()).gaps, 0);
    },
  },
  {
    name: "finds within the position check that the last notification was lost",
    requires: "history",
    async run(context) {
      await context.open({ limits: { positionCheck: 100 } });
      const client = await context.client("a");
      await client.subscribe("news.sport");
      await context.publish("news.sport", { n: 1 });
      await client.receives("news.sport", [1]);
      client.rules.unshift({ type: "notification", nth: 1, every: 1, fault: "drop" });
      await context.publish("news.sport", { n: 2 });
      await pause(60);
      client.rules.shift();
      await client.receives("news.sport", [1, 2]);
      await context.verify();
    },
  },
  {
    name: "asks again for a lost notification until it has come, also when its repair is lost twice",
    requires: "history",
    async run(context) {
      await context.open({ limits: { positionCheck: 100 } });
      const client = await context.client("a");
      await client.subscribe("news.sport");
      await context.publish("news.sport", { n: 1 });
      await client.receives("news.sport", [1]);
      // The notification and two repairs. The topic does not move, so the hub sends no head.
      for (const nth of [2, 3, 4]) client.rules.unshift({ type: "notification", nth, fault: "drop" });
      await context.publish("news.sport", { n: 2 });
      await client.receives("news.sport", [1, 2]);
      await context.verify();
    },
  },
  {
    name: "delivers once and in order when the transport doubles or swaps messages",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      client.rules.push(
        { type: "notification", nth: 2, every: 5, fault: "double" },
        { type: "notification", nth: 4, every: 11, fault: "swap" },
      );
      await client.subscribe("news.sport");
      await context.publishRange("news.sport", 1, 50);
      await pause(20);
      client.rules.length = 0;
      await context.publish("news.sport", { n: 51 });
      await client.receives("news.sport", range(1, 51));
      await context.verify();
    },
  },
  {
    name: "reconnects by itself after the server was away, and recovers",
    requires: "history",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      await client.subscribe("news.sport");
      await context.publish("news.sport", { n: 1 });
      await client.receives("news.sport", [1]);
      await context.stopServer();
      await client.until(() => client.channel.state !== "connected", "the loss to be noticed");
      await context.publishRange("news.sport", 2, 4);
      await pause(30);
      await context.restartServer();
      await client.receives("news.sport", [1, 2, 3, 4]);
      assert.equal((await context.verify()).gaps, 0);
    },
  },
  {
    name: "continues from its position on another hub of the same backplane",
    requires: "history",
    async run(context) {
      await context.open();
      const { backplane } = context;
      const client = await context.client("a");
      await client.subscribe("news.sport");
      await context.publishRange("news.sport", 1, 3);
      await client.receives("news.sport", [1, 2, 3]);
      await client.away();
      await context.open({ backplane });
      await context.publishRange("news.sport", 4, 6);
      await client.back();
      await client.receives("news.sport", range(1, 6));
      assert.equal((await context.verify()).gaps, 0);
    },
  },
  {
    name: "catches up after a restart from positions that the application has kept",
    requires: "history",
    hardship: "cuts",
    async run(context) {
      await context.open();
      const kept = new Map<string, Position>();
      const positions = {
        load: (topic: string) => kept.get(topic),
        save: (topic: string, position: Position) => void kept.set(topic, position),
      };
      const before = await context.client("before", { positions });
      await before.subscribe("news.sport");
      await context.publishRange("news.sport", 1, 3);
      await before.receives("news.sport", [1, 2, 3]);
      before.channel.close();
      await context.publishRange("news.sport", 4, 6);
      const after = await context.client("after", { positions });
      await after.subscribe("news.sport");
      await after.receives("news.sport", [4, 5, 6]);
      assert.equal((await context.verify()).gaps, 0);
    },
  },
  {
    name: "notices a connection that died silently, on both ends, and recovers",
    requires: "history",
    async run(context) {
      await context.open({ limits: { pingInterval: 1_000, pongTimeout: 500 } });
      const client = await context.client("a");
      await client.subscribe("news.sport");
      await context.publish("news.sport", { n: 1 });
      await client.receives("news.sport", [1]);
      if (client.proxy) client.proxy.freeze();
      else {
        for (const type of ["ping", "notification", "head", "pong"] as const) {
          client.rules.unshift({ type, nth: 1, every: 1, fault: "drop" });
        }
        client.transport.refuse(true);
      }
      await context.publish("news.sport", { n: 2 });
      await client.until(() => client.channel.state !== "connected", "the silence to be noticed");
      await client.until(() => context.hub.links === 0, "the hub to notice, too");
      client.rules.length = 0;
      client.proxy?.heal();
      client.proxy?.cutAll("reset");
      client.transport.refuse(false);
      await client.receives("news.sport", [1, 2]);
      assert.equal((await context.verify()).gaps, 0);
    },
  },
];
