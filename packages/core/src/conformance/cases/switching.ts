/** Moving a running channel to another transport; here, to another connection of the same one. */
import assert from "node:assert/strict";
import { isBellwireError } from "../../errors.ts";
import { type Case, pause, range } from "./case.ts";

export const switching: readonly Case[] = [
  {
    name: "moves to another transport while notifications flow, with nothing lost or doubled",
    requires: "history",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      await client.subscribe("news.sport");
      let n = 0;
      for (let round = 0; round < 5; round++) {
        const moved = client.move();
        for (let live = 0; live < 12; live++) {
          await context.publish("news.sport", { n: ++n });
          if (context.random.chance(0.5)) await pause(context.random.int(3));
        }
        await moved;
      }
      await client.receives("news.sport", range(1, n));
      await client.until(() => context.hub.links === 1, "one link");
      assert.deepEqual(client.states, ["connecting", "connected"]);
      assert.equal((await context.verify()).gaps, 0);
    },
  },
  {
    name: "sends unanswered publishes over the other transport, appended once and in order",
    requires: "clientPublish",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      await client.subscribe("news.sport");
      const published: Promise<unknown>[] = [];
      for (const n of range(1, 40)) {
        published.push(client.publish("news.sport", { n }));
        if (n % 10 === 0) await client.move();
      }
      await Promise.all(published);
      await client.receives("news.sport", range(1, 40));
      await context.verify();
    },
  },
  {
    name: "loses and doubles nothing when links are lost in the middle of a move",
    requires: "history",
    hardship: "cuts",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      await client.subscribe("news.sport");
      let n = 0;
      for (let round = 0; round < 8; round++) {
        const moved = client.move().catch((error: unknown) => {
          // A link that was cut before its welcome leaves the channel on the present one.
          assert.ok(isBellwireError(error) && error.retryable, String(error));
        });
        for (let live = 0; live < 6; live++) {
          await context.publish("news.sport", { n: ++n });
          if (context.random.chance(0.2)) client.cut();
          if (context.random.chance(0.3)) await pause(context.random.int(4));
        }
        await moved;
      }
      await client.receives("news.sport", range(1, n));
      assert.equal((await context.verify()).gaps, 0);
    },
  },
];
