/** Clients that join a topic late receive its past, without a hole and without a repetition. */
import assert from "node:assert/strict";
import type { Snapshot } from "../../client/index.ts";
import type { HistoryPage, Position, ServerMessage } from "../../protocol/messages.ts";
import type { Client } from "../client.ts";
import type { CaseContext } from "../context.ts";
import type { KitTopic, Numbered } from "../kit-topics.ts";
import { RawPeer } from "../raw-peer.ts";
import { type Followed, until } from "../session-log.ts";
import { type Case, pause, range, rejectsWith } from "./case.ts";

/** Every page from the newest to the oldest; the numbers in them, oldest first. */
async function pagedNumbers(client: Client, topic: KitTopic, limit: number): Promise<number[]> {
  const numbers: number[] = [];
  let before: Position | undefined;
  do {
    const page = await client.late.history(topic, { before, limit });
    assert.ok(page.notifications.length <= limit, "a page is longer than asked for");
    numbers.unshift(...page.notifications.map(({ data }) => (data as Numbered).n));
    before = page.before;
  } while (before);
  return numbers;
}

/** The numbers that a peer received, with their offsets. */
function notified(peer: RawPeer): readonly (readonly [offset: number, n: number])[] {
  return peer.received.flatMap((message) =>
    message.type === "notification" ? [[message.offset, (message.data as { n: number }).n] as const] : [],
  );
}

/** The page in the answer to the command with this ref, or its error. */
async function answerTo(peer: RawPeer, ref: number): Promise<ServerMessage> {
  const find = (): ServerMessage | undefined =>
    peer.received.find((message) => "ref" in message && message.ref === ref);
  await until(() => find() !== undefined, `the answer to ${ref}`, 5_000);
  return find() as ServerMessage;
}

function rowsOf(message: ServerMessage): number[] {
  assert.equal(message.type, "acknowledged", JSON.stringify(message));
  const page = (message as { data?: unknown }).data as HistoryPage;
  return page.notifications.map(([, , , data]) => (data as { n: number }).n);
}

async function publishSlowly(
  context: CaseContext,
  topic: KitTopic,
  numbers: readonly number[],
): Promise<void> {
  for (const n of numbers) {
    await context.publish(topic, { n });
    if (context.random.chance(0.4)) await pause(context.random.int(4));
  }
}

export const joining: readonly Case[] = [
  {
    name: "delivers as much of the past as a subscription asks for first, then live notifications",
    requires: "paging",
    hardship: "cuts",
    async run(context) {
      await context.open();
      await context.publishRange("news.sport", 1, 20);
      const client = await context.client("a");
      await client.subscribe("news.sport", { history: 5 });
      await context.publishRange("news.sport", 21, 30);
      await client.receives("news.sport", range(16, 30));
      assert.equal((await context.verify()).gaps, 0);
    },
  },
  {
    name: "delivers the past and the present without hole or repetition while publishing goes on",
    requires: "paging",
    hardship: "cuts",
    async run(context) {
      await context.open();
      await context.publishRange("news.sport", 1, 20);
      const publishing = publishSlowly(context, "news.sport", range(21, 80));
      const clients: Client[] = [];
      for (const name of ["a", "b", "c"]) {
        const client = await context.client(name);
        clients.push(client);
        client.follow("news.sport", { history: 15 });
        await pause(context.random.int(20));
      }
      await publishing;
      for (const client of clients) {
        await client.until(() => client.log.numbers("news.sport").at(-1) === 80, "the last of news.sport");
        const numbers = client.log.numbers("news.sport");
        assert.deepEqual(numbers, range(80 - numbers.length + 1, 80));
        assert.ok(numbers.length >= 15);
      }
      assert.equal((await context.verify()).gaps, 0);
    },
  },
  {
    name: "delivers the past to the subscription that asked for it, and to no other of the channel",
    requires: "paging",
    async run(context) {
      await context.open();
      await context.publishRange("news.sport", 1, 6);
      const client = await context.client("a");
      await client.subscribe("news.sport");
      const late: number[] = [];
      client.late.subscribe("news.sport", { history: 4 }).on("said", ({ data }) => late.push(data.n));
      await client.until(() => late.length === 4, "the past");
      await context.publish("news.sport", { n: 7 });
      await client.receives("news.sport", [7]);
      assert.deepEqual(late, range(3, 7));
      assert.equal((await context.verify()).gaps, 0);
    },
  },
  {
    name: "delivers the past since a time",
    requires: "paging",
    async run(context) {
      await context.open();
      await context.publishRange("news.sport", 1, 3);
      await pause(20);
      const since = Date.now();
      await context.publishRange("news.sport", 4, 6);
      const client = await context.client("a");
      await client.subscribe("news.sport", { history: { since } });
      await context.publish("news.sport", { n: 7 });
      await client.receives("news.sport", range(4, 7));
      await context.verify();
    },
  },
  {
    name: "answers a subscription with history as one with a position, which it obeys if it has one",
    requires: "paging",
    async run(context) {
      await context.open();
      await context.publishRange("news.sport", 1, 9);
      const { epoch } = await context.hub.position("news.sport");
      const peer = new RawPeer(context);
      await peer.welcome();
      peer.send({ type: "subscribe", ref: 1, topic: "news.sport", history: { limit: 3 } });
      await until(() => notified(peer).length === 3, "the past");
      assert.deepEqual((await peer.message("subscribed")).position, { epoch, offset: 6 });
      await context.publish("news.sport", { n: 10 });
      await until(() => notified(peer).length === 4, "the present");
      assert.deepEqual(
        notified(peer),
        range(7, 10).map((n) => [n, n]),
      );
      peer.received.length = 0;
      const resume = { type: "subscribe", ref: 2, topic: "news.sport", position: { epoch, offset: 8 } };
      peer.send({ ...resume, history: { limit: 7 } });
      await until(() => notified(peer).length === 2, "the replay");
      assert.deepEqual((await peer.message("subscribed")).position, { epoch, offset: 8 });
      assert.deepEqual(
        notified(peer),
        range(9, 10).map((n) => [n, n]),
      );
      peer.close();
    },
  },
  {
    name: "pages back to the start, each notification once, while publishing goes on",
    requires: "paging",
    hardship: "cuts",
    async run(context) {
      await context.open();
      await context.publishRange("news.sport", 1, 50);
      const client = await context.client("a");
      const publishing = publishSlowly(context, "news.sport", range(51, 70));
      const numbers = await pagedNumbers(client, "news.sport", 7);
      await publishing;
      assert.deepEqual(numbers, range(1, numbers.length));
      assert.ok(numbers.length >= 50);
    },
  },
  {
    name: "ends with the oldest page that is stored, and has nothing below it",
    requires: "paging",
    async run(context) {
      await context.open({ history: { size: 10 } });
      await context.publishRange("news.sport", 1, 25);
      const client = await context.client("a");
      const numbers = await pagedNumbers(client, "news.sport", 4);
      // A backplane may keep more than it has to.
      assert.deepEqual(numbers, range(25 - numbers.length + 1, 25));
      assert.ok(numbers.length >= 10);
      const { epoch } = await context.hub.position("news.sport");
      const first = 25 - numbers.length + 1;
      for (const before of [
        { epoch, offset: first },
        { epoch, offset: 0 },
        { epoch, offset: 1_000_000 },
        { epoch: "of-another-log", offset: 3 },
      ]) {
        const page = await client.late.history("news.sport", { before });
        assert.deepEqual(page, { notifications: [], before: undefined });
      }
    },
  },
  {
    name: "shows no page to a client without the right, or after the right was revoked",
    requires: "paging",
    async run(context) {
      let allowed = true;
      await context.open({
        authenticate: ({ token }) => (token ? { user: token } : null),
        authorize: ({ topic }) => !topic.startsWith("private-") || allowed,
      });
      const client = await context.client("ada", { token: () => "ada" });
      await context.publish("private-room.x", { n: 1 });
      assert.deepEqual(await pagedNumbers(client, "private-room.x", 10), [1]);
      allowed = false;
      await context.hub.revoke("ada", "private-room.x");
      await rejectsWith("forbidden", client.late.history("private-room.x"));
      await context.publish("news.sport", { n: 2 });
      assert.deepEqual(await pagedNumbers(client, "news.sport", 10), [2]);
    },
  },
  {
    name: "joins snapshots to the stream without hole or repetition, 200 times during publishing",
    requires: "paging",
    async run(context) {
      const rates = { subscribeRate: 10_000, subscribeBurst: 10_000, messageBurst: 10_000 };
      await context.open({ limits: { ...rates, subscriptions: 1_000 } });
      const client = await context.client("a");
      const join = async (topic: KitTopic): Promise<void> => {
        await context.publish(topic, { n: 1 });
        const publishing = publishSlowly(context, topic, range(2, 5));
        const state = async (): Promise<Snapshot> => {
          const position = await context.hub.position(topic);
          if (context.random.chance(0.3)) await pause(context.random.int(3));
          return { position };
        };
        const subscription = client.late.subscribe(topic, { state });
        client.log.follow(subscription as Followed);
        const heard: string[] = [];
        subscription.onState(({ position }) => heard.push(`state ${position.offset}`));
        subscription.onAny((notification) => heard.push(`${(notification.data as Numbered).n}`));
        await publishing;
        await client.until(() => subscription.position?.offset === 5, `all of ${topic}`);
        const covered = Number(heard[0]?.slice("state ".length));
        assert.deepEqual(heard, [`state ${covered}`, ...range(covered + 1, 5).map(String)]);
      };
      for (let round = 0; round < 200; round += 40)
        await Promise.all(range(round + 1, round + 40).map((n) => join(`news.room${n}`)));
      assert.equal((await context.verify()).gaps, 0);
    },
  },
  {
    name: "refuses what is no request for history, and answers one for too much with what there is",
    requires: "paging",
    async run(context) {
      await context.open({ limits: { malformed: 100, recovery: 5 } });
      await context.publishRange("news.sport", 1, 8);
      const peer = new RawPeer(context);
      await peer.welcome();
      const subscribe = { type: "subscribe", topic: "news.sport" };
      const history = { type: "history", topic: "news.sport" };
      const nonsense = [
        ...[-1, "x", null, [], { limit: -1 }, { limit: "1" }, { since: 0.5 }].map((wish) => ({
          ...subscribe,
          history: wish,
        })),
        ...[-1, "x", null, 1.5, {}].flatMap((value) => [
          { ...history, limit: value },
          { ...history, since: value },
          { ...history, before: value },
        ]),
      ];
      for (const [index, message] of nonsense.entries()) peer.send({ ...message, ref: index + 1 });
      const refused = (): number => peer.received.filter(({ type }) => type === "error").length;
      await until(() => refused() === nonsense.length, "every refusal");
      assert.ok(peer.received.every((message) => message.type !== "error" || message.code === "malformed"));
      peer.received.length = 0;
      peer.send({ ...history, ref: 100, limit: 1e9 }, { ...history, ref: 101, limit: 0 });
      assert.deepEqual(rowsOf(await answerTo(peer, 100)), range(4, 8));
      assert.deepEqual(rowsOf(await answerTo(peer, 101)), [8]);
      peer.send({ ...subscribe, ref: 102, history: { limit: 1e9 } });
      await answerTo(peer, 102);
      await until(() => notified(peer).length === 5, "the past");
      peer.close();
    },
  },
  {
    name: "holds a peer to a rate of pages, and delays no neighbour",
    requires: "paging",
    async run(context) {
      await context.open({ limits: { subscribeBurst: 5, messageBurst: 1_000, queueBytes: 64_000_000 } });
      const text = "x".repeat(1_000);
      for (const n of range(1, 200)) await context.publish("news.large", { n, text });
      const neighbour = await context.client("neighbour");
      await neighbour.subscribe("news.sport");
      const peer = new RawPeer(context);
      await peer.welcome();
      for (const ref of range(1, 200)) peer.send({ type: "history", ref, topic: "news.large" });
      await context.publishRange("news.sport", 1, 5);
      await neighbour.receives("news.sport", range(1, 5));
      const answers = (): ServerMessage[] =>
        peer.received.filter(({ type }) => type === "acknowledged" || type === "error");
      await until(() => answers().length === 200 || peer.closed !== undefined, "an answer to each", 20_000);
      const pages = answers().filter(({ type }) => type === "acknowledged").length;
      assert.ok(pages >= 5 && pages < 60, `${pages} pages`);
      assert.ok(
        answers().every((message) => message.type !== "error" || message.code === "rate_limited"),
        "another refusal than for the rate",
      );
      peer.close();
      await context.verify();
    },
  },
];
