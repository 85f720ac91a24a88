/** Notifications arrive: complete, in order, once, unchanged, and only at their subscribers. */
import assert from "node:assert/strict";
import { isBellwireError } from "../../errors.ts";
import { type Case, pause, range } from "./case.ts";

export const delivery: readonly Case[] = [
  {
    name: "delivers everything that is published, in order and once, to every subscriber",
    async run(context) {
      await context.open();
      const clients = [await context.client("a"), await context.client("b"), await context.client("c")];
      for (const client of clients) await client.subscribe("news.sport");
      await clients[0]?.subscribe("news.weather");
      for (const n of range(1, 60)) {
        await context.publish("news.sport", { n });
        if (n % 3 === 0) await context.publish("news.weather", { n });
      }
      for (const client of clients) await client.receives("news.sport", range(1, 60));
      const { delivered, gaps } = await context.verify();
      assert.deepEqual([delivered, gaps], [200, 0]);
    },
  },
  {
    name: "delivers a burst of a hundred that were published at once",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      await client.subscribe("news.sport");
      await Promise.all(range(1, 100).map((n) => context.publish("news.sport", { n })));
      await client.receives("news.sport", range(1, 100));
      await context.verify();
    },
  },
  {
    name: "delivers data unchanged, whatever characters are in it",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      await client.subscribe("news.sport");
      const texts = [
        "line\r\nbreaks\rand\n\nmore",
        "data: x\n\nid: 7\n\nevent: y",
        "\u2028\u2029\ufeff\u0000\u001f\u007f",
        "žluťoučký 通知 🔔🇨🇿 \ud800 lone",
        '"quotes" \\ back/slashes </script>',
        "x".repeat(20_000),
        { deep: [[[[{ a: null, b: [true, 1e21, -1.5e-7, ""] }]]]] },
        null,
      ];
      for (const [n, text] of texts.entries()) await context.publish("news.sport", { n, text });
      await client.receives("news.sport", range(0, texts.length - 1));
      await context.verify();
    },
  },
  {
    name: "delivers nothing of a topic that was unsubscribed, and goes on from now when it is subscribed again",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      const first = await client.subscribe("news.sport");
      await client.subscribe("news.weather");
      await context.publish("news.sport", { n: 1 });
      await client.receives("news.sport", [1]);
      first.close();
      await context.publish("news.sport", { n: 2 });
      // A later notification of another topic proves that nothing more of this one is under way.
      await context.publish("news.weather", { n: 9 });
      await client.receives("news.weather", [9]);
      await client.subscribe("news.sport");
      await context.publish("news.sport", { n: 3 });
      await client.receives("news.sport", [1, 3]);
      await context.verify();
    },
  },
  {
    name: "survives subscribing and unsubscribing in a hurry",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      for (let round = 0; round < 8; round++) {
        const subscription = client.channel.subscribe("news.sport");
        if (context.random.chance(0.5)) await pause(context.random.int(4));
        subscription.close();
      }
      await client.subscribe("news.sport");
      await context.publishRange("news.sport", 1, 20);
      await client.receives("news.sport", range(1, 20));
      await context.verify();
    },
  },
  {
    name: "withholds a notification from its own publisher on request, and from nobody else",
    requires: "clientPublish",
    async run(context) {
      await context.open();
      const [publisher, other] = [await context.client("publisher"), await context.client("other")];
      for (const client of [publisher, other]) await client.subscribe("news.sport");
      await publisher.publish("news.sport", { n: 1 });
      await publisher.publish("news.sport", { n: 2 }, { excludeSelf: true });
      await publisher.publish("news.sport", { n: 3 });
      await publisher.publish("news.sport", { n: 4 }, { excludeSelf: true });
      await other.receives("news.sport", [1, 2, 3, 4]);
      await publisher.receives("news.sport", [1, 3]);
      // The same holds for replay.
      await publisher.away();
      await publisher.back();
      await context.publish("news.sport", { n: 5 });
      await publisher.receives("news.sport", [1, 3, 5]);
      assert.equal((await context.verify()).gaps, 0);
    },
  },
  {
    name: "delivers volatile events live, and never replays them",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      await client.subscribe("news.sport");
      assert.equal(await context.publish("news.sport", { n: 1 }, { event: "typing" }), null);
      // A volatile event has no place among the others.
      await client.receives("news.sport", [1]);
      await context.publish("news.sport", { n: 2 });
      await client.receives("news.sport", [1, 2]);
      await client.away();
      await context.publish("news.sport", { n: 3 }, { event: "typing" });
      await context.publish("news.sport", { n: 4 });
      await client.back();
      await client.receives("news.sport", [1, 2, 4]);
      assert.equal((await context.verify()).gaps, 0);
    },
  },
  {
    name: "runs the other listeners, and the later notifications, when a listener throws or rejects",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      const subscription = client.channel.subscribe("news.sport");
      subscription.onAny(() => {
        throw new Error("from a listener");
      });
      subscription.on("said", async () => {
        await Promise.reject(new Error("from an asynchronous listener"));
      });
      await client.subscribe("news.sport");
      await context.publishRange("news.sport", 1, 5);
      await client.receives("news.sport", range(1, 5));
      await client.until(() => client.errors.length >= 10, "ten errors");
      await context.verify();
    },
  },
  {
    name: "goes on when a listener unsubscribes itself, or closes the subscription",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      const other = client.channel.subscribe("news.sport");
      const heard: number[] = [];
      const remove = other.onAny(({ data }) => {
        heard.push(data.n);
        if (heard.length === 2) remove();
      });
      other.on("said", ({ data }) => {
        if (data.n === 4) other.close();
      });
      await client.subscribe("news.sport");
      await context.publishRange("news.sport", 1, 6);
      await client.receives("news.sport", range(1, 6));
      assert.deepEqual(heard, [1, 2]);
      await context.verify();
    },
  },
  {
    name: "reports and skips an event that only a newer server knows, and data that breaks the contract",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      await client.subscribe("news.sport");
      await context.publish("news.sport", { n: 1 });
      const entry = { event: "said", json: '{"n":"not a number"}', time: 1 };
      await context.backplane.append("news.sport", entry);
      await context.backplane.append("news.sport", { ...entry, event: "invented", json: '{"n":0}' });
      await context.publish("news.sport", { n: 2 });
      await client.receives("news.sport", [1, 2]);
      const codes = client.errors.map((error) => (isBellwireError(error) ? error.code : String(error)));
      assert.deepEqual(codes, ["invalid_data", "unknown_event"]);
      assert.equal(client.log.gaps.length, 0);
    },
  },
];
