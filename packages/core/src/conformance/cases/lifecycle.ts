/** Connecting on first use, closing, and draining. */
import assert from "node:assert/strict";
import { type Case, pause, rejectsWith } from "./case.ts";

export const lifecycle: readonly Case[] = [
  {
    name: "connects on first use, and reports every state on the way",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      assert.equal(client.channel.state, "idle");
      await client.subscribe("news.sport");
      assert.deepEqual(client.states, ["connecting", "connected"]);
    },
  },
  {
    name: "ends everything when it is closed, and leaves no link behind",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      const subscription = await client.subscribe("news.sport");
      client.channel.close();
      assert.equal(client.channel.state, "closed");
      await client.until(() => context.hub.links === 0, "no link");
      await rejectsWith("closed", client.publish("news.sport", { n: 1 }));
      assert.throws(() => client.channel.subscribe("news.sport"), { code: "closed" });
      assert.equal(client.log.ends.get(subscription.topic)?.code, "closed");
    },
  },
  {
    name: "hands notifications to a loop over the subscription, and ends it with the subscription",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      const subscription = client.channel.subscribe("news.sport");
      const numbers: number[] = [];
      const loop = (async () => {
        for await (const { data } of subscription) {
          numbers.push(data.n);
          if (data.n === 3) subscription.close();
        }
      })();
      await client.subscribe("news.sport");
      await context.publishRange("news.sport", 1, 3);
      await loop;
      await context.publishRange("news.sport", 4, 5);
      await client.receives("news.sport", [1, 2, 3, 4, 5]);
      assert.deepEqual(numbers, [1, 2, 3]);
      await context.verify();
    },
  },
  {
    name: "drains: tells clients when to reconnect, delivers what is under way, loses and doubles nothing",
    requires: "history",
    async run(context) {
      await context.open();
      const { backplane } = context;
      const client = await context.client("a");
      await client.subscribe("news.sport");
      await context.publishRange("news.sport", 1, 20);
      const draining = context.hub;
      await context.open({ backplane });
      const began = performance.now();
      await draining.close({ flush: 2_000, spread: 100 });
      assert.ok(performance.now() - began < 3_000, "the drain took too long");
      assert.equal(draining.links, 0);
      await context.publishRange("news.sport", 21, 40);
      await client.receives(
        "news.sport",
        Array.from({ length: 40 }, (_, index) => index + 1),
      );
      assert.equal((await context.verify()).gaps, 0);
    },
  },
  {
    name: "refuses new links while draining, and the client keeps trying",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      await client.subscribe("news.sport");
      await context.hub.close({ flush: 100, spread: 1 });
      await client.until(() => client.channel.state !== "connected", "the end of the link");
      await pause(60);
      assert.ok(["waiting", "connecting"].includes(client.channel.state), client.describe());
      assert.equal(context.hub.links, 0);
      await rejectsWith("closed", context.hub.publish("news.sport", "said", { n: 1 }));
    },
  },
];
