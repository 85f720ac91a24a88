/** Acknowledgements are true: acknowledged means appended, and one id is appended once. */
import assert from "node:assert/strict";
import { type Case, pause, range, rejectsWith } from "./case.ts";

export const publishing: readonly Case[] = [
  {
    name: "acknowledges a publish only after the append, with its position",
    requires: "clientPublish",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      await client.subscribe("news.sport");
      for (const n of range(1, 15)) {
        const { position } = await client.publish("news.sport", { n }, { id: `id-${n}` });
        assert.ok(position);
        const history = await context.backplane.read(
          "news.sport",
          { ...position, offset: position.offset - 1 },
          300,
        );
        assert.ok(history.ok);
        assert.equal(history.entries[0]?.id, `id-${n}`);
      }
      await client.receives("news.sport", range(1, 15));
      await context.verify();
    },
  },
  {
    name: "appends a publish once, however often it is sent with the same id, and answers with the first position",
    requires: "clientPublish",
    hardship: "cuts",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      await client.subscribe("news.sport");
      const first = await client.publish("news.sport", { n: 1 }, { id: "same" });
      await client.publish("news.sport", { n: 2 });
      const again = await client.publish("news.sport", { n: 1 }, { id: "same" });
      assert.deepEqual(again.position, first.position);
      await client.receives("news.sport", [1, 2]);
      await context.verify();
    },
  },
  {
    name: "appends a publish once when several send it with the same id at the same time",
    requires: "clientPublish",
    async run(context) {
      await context.open({ authenticate: () => ({ user: "ada" }) });
      const [a, b] = [await context.client("a"), await context.client("b")];
      await a.subscribe("news.sport");
      for (const n of range(1, 8)) {
        const id = `race-${n}`;
        const [one, two, three] = await Promise.all([
          a.publish("news.sport", { n }, { id }),
          b.publish("news.sport", { n }, { id }),
          a.publish("news.sport", { n }, { id }).then(({ position }) => position),
        ]);
        assert.deepEqual([two.position, three], [one.position, one.position]);
      }
      await a.receives("news.sport", range(1, 8));
      await context.verify();
    },
  },
  {
    name: "appends a publish of the server, and of another user, though a client has used its id first",
    requires: "clientPublish",
    async run(context) {
      await context.open({ authenticate: ({ token }) => ({ user: token ?? "nobody" }) });
      const [ada, bob] = [
        await context.client("ada", { token: () => "ada" }),
        await context.client("bob", { token: () => "bob" }),
      ];
      const subscription = await ada.subscribe("news.sport");
      const { epoch, offset } = await subscription.ready();
      const topic = "news.sport";
      const positions = [
        (await bob.channel.publish(topic, "said", { n: 1 }, { id: "order-18" })).position,
        await context.hub.publish(topic, "said", { n: 2 }, { id: "order-18" }),
        (await ada.channel.publish(topic, "said", { n: 3 }, { id: "order-18" })).position,
        await context.hub.publish(topic, "said", { n: 4 }, { id: "order-18" }),
      ];
      assert.deepEqual(
        positions,
        [1, 2, 3, 2].map((more) => ({ epoch, offset: offset + more })),
      );
      await ada.receives(topic, [1, 2, 3]);
    },
  },
  {
    name: "keeps what is published while away, and sends it in order, once, when it is back",
    requires: "clientPublish",
    hardship: "cuts",
    async run(context) {
      await context.open();
      const [publisher, subscriber] = [await context.client("publisher"), await context.client("subscriber")];
      await subscriber.subscribe("news.sport");
      await publisher.publish("news.sport", { n: 1 });
      await publisher.away();
      const waiting = range(2, 30).map((n) => publisher.publish("news.sport", { n }));
      await pause(10);
      await publisher.back();
      await Promise.all(waiting);
      await subscriber.receives("news.sport", range(1, 30));
      await context.verify();
    },
  },
  {
    name: "sends what was not acknowledged again on the next link, and it is appended once",
    requires: "clientPublish",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      await client.subscribe("news.sport");
      client.rules.unshift({ type: "acknowledged", nth: 1, every: 1, fault: "drop" });
      const unanswered = range(1, 10).map((n) => client.publish("news.sport", { n }));
      await client.receives("news.sport", range(1, 10));
      client.rules.length = 0;
      client.cut();
      await Promise.all(unanswered);
      await client.publish("news.sport", { n: 11 });
      await client.receives("news.sport", range(1, 11));
      await context.verify();
    },
  },
  {
    name: "appends what one channel publishes in the order of the calls, also when each decision takes its own time",
    requires: "clientPublish",
    async run(context) {
      await context.open({
        authorize: async () => {
          await pause(context.random.int(6));
          return true;
        },
      });
      const client = await context.client("a");
      await client.subscribe("news.sport");
      await Promise.all(range(1, 30).map((n) => client.publish("news.sport", { n })));
      await client.receives("news.sport", range(1, 30));
      await context.verify();
    },
  },
  {
    name: "publishes more than the hub takes in a moment, slower, and loses nothing",
    requires: "clientPublish",
    async run(context) {
      await context.open({ limits: { messageRate: 100, messageBurst: 10 } });
      const client = await context.client("a");
      await client.subscribe("news.sport");
      await Promise.all(range(1, 40).map((n) => client.publish("news.sport", { n })));
      await client.receives("news.sport", range(1, 40));
      await context.verify();
    },
  },
  {
    name: "publishes in order also when publishes behind a refused one are delayed for long",
    requires: "clientPublish",
    async run(context) {
      await context.open({ limits: { messageRate: 100, messageBurst: 10 } });
      const client = await context.client("a");
      await client.subscribe("news.sport");
      client.rules.push({ type: "publish", nth: 14, fault: "delay", ms: 900 });
      await Promise.all(range(1, 40).map((n) => client.publish("news.sport", { n })));
      await client.receives("news.sport", range(1, 40));
      await context.verify();
    },
  },
  {
    name: "refuses data that breaks the contract, an unknown topic and an unknown event, with a code each",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      await client.subscribe("news.sport");
      for (const publisher of [client, context]) {
        await rejectsWith("invalid_data", publisher.publish("news.sport", { n: "one" as unknown as number }));
        await rejectsWith("unknown_event", publisher.publish("news.sport", { n: 1 }, { event: "scored" }));
        await rejectsWith("unknown_topic", publisher.publish("weather.x" as "news.x", { n: 1 }));
      }
      assert.throws(() => client.channel.subscribe("weather.x" as "news.x"), { code: "unknown_topic" });
      assert.equal(client.log.numbers("news.sport").length, 0);
    },
  },
  {
    name: "refuses data that is larger than the hub takes, and goes on",
    async run(context) {
      await context.open({ limits: { messageBytes: 4_096 } });
      const client = await context.client("a");
      await client.subscribe("news.sport");
      const text = "ž".repeat(3_000);
      await rejectsWith("too_large", client.publish("news.sport", { n: 1, text }));
      await rejectsWith("too_large", context.publish("news.sport", { n: 1, text }));
      await context.publish("news.sport", { n: 2 });
      await client.receives("news.sport", [2]);
      assert.equal(client.channel.state, "connected");
    },
  },
  {
    name: "takes no more into the outbox than it may hold, and rejects the rest",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      client.channel.connect();
      await client.until(() => client.channel.state === "connected", "a connection");
      await client.away();
      const waiting = range(1, 1_000).map((n) => client.channel.publish("news.sport", "said", { n }));
      await rejectsWith("outbox_full", client.channel.publish("news.sport", "said", { n: 1_001 }));
      client.channel.close();
      for (const { status, reason } of (await Promise.allSettled(waiting)) as PromiseRejectedResult[]) {
        assert.deepEqual([status, (reason as { code: string }).code], ["rejected", "closed"]);
      }
    },
  },
  {
    name: "gives up waiting when its signal is aborted, and rejects a volatile event while away",
    async run(context) {
      await context.open();
      const client = await context.client("a");
      client.channel.connect();
      await client.until(() => client.channel.state === "connected", "a connection");
      await client.away();
      await rejectsWith("link_lost", client.publish("news.sport", { n: 1 }, { event: "typing" }));
      const controller = new AbortController();
      const timeout = client.publish("news.sport", { n: 2 }, { signal: AbortSignal.timeout(20) });
      const aborted = client.publish("news.sport", { n: 3 }, { signal: controller.signal });
      const answers = [rejectsWith("no_answer", timeout), rejectsWith("aborted", aborted)];
      controller.abort();
      await Promise.all(answers);
    },
  },
];
