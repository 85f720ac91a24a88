/** Commands: a handler answers a client's publish. */
import assert from "node:assert/strict";
import { BellwireError, isBellwireError } from "../../errors.ts";
import { type Case, rejectsWith } from "./case.ts";

export const commands: readonly Case[] = [
  {
    name: "answers a command with what its handler returns, and publishes only what the handler publishes",
    requires: "clientPublish",
    async run(context) {
      await context.open();
      context.hub.handle("orders.{name}", "place", async ({ topic, params, data }) => {
        await context.publish(topic as "orders.x", { n: data.n * 10 });
        return { placed: data.n, by: params.name };
      });
      const client = await context.client("a");
      await client.subscribe("orders.ada");
      const receipt = await client.publish("orders.ada", { n: 4 }, { event: "place" });
      assert.deepEqual(receipt, { position: null, data: { placed: 4, by: "ada" } });
      await client.receives("orders.ada", [40]);
    },
  },
  {
    name: "rejects a command with the code that its handler throws",
    requires: "clientPublish",
    async run(context) {
      await context.open();
      context.hub.handle("orders.{name}", "place", () => {
        throw new BellwireError("rate_limited", "the kitchen is full", { retryAfter: 30 });
      });
      context.hub.handle("orders.{name}", "said", async () => {
        throw new BellwireError("invalid_data", "no such dish");
      });
      const client = await context.client("a");
      await rejectsWith("invalid_data", client.publish("orders.ada", { n: 1 }, { event: "said" }));
    },
  },
  {
    name: "rejects a command with internal when its handler throws a foreign error, and reveals nothing of it",
    requires: "clientPublish",
    async run(context) {
      await context.open();
      context.hub.handle("orders.{name}", "place", () => {
        throw new Error("secret /etc/path");
      });
      const client = await context.client("a");
      const error: unknown = await client
        .publish("orders.ada", { n: 1 }, { event: "place" })
        .catch((reason: unknown) => reason);
      assert.ok(isBellwireError(error));
      assert.equal(error.code, "internal");
      assert.ok(!error.message.includes("secret"));
      assert.equal(context.hubErrors.length, 1);
    },
  },
  {
    name: "rejects a command whose handler does not answer in time",
    requires: "clientPublish",
    async run(context) {
      await context.open({ limits: { decisionTimeout: 50 } });
      context.hub.handle("orders.{name}", "place", () => new Promise(() => {}));
      const client = await context.client("a");
      await rejectsWith("no_answer", client.publish("orders.ada", { n: 1 }, { event: "place" }));
    },
  },
  {
    name: "takes commands from clients without an authorization, and rejects their other publishes",
    requires: "clientPublish",
    async run(context) {
      await context.open({ authorize: null });
      const stop = context.hub.handle("orders.{name}", "place", () => "done");
      const client = await context.client("a");
      assert.equal((await client.publish("orders.ada", { n: 1 }, { event: "place" })).data, "done");
      await rejectsWith("forbidden", client.publish("orders.ada", { n: 1 }));
      stop();
      await rejectsWith("forbidden", client.publish("orders.ada", { n: 1 }, { event: "place" }));
    },
  },
];
