/** A peer that misbehaves loses its own link and disturbs nobody else. */
import assert from "node:assert/strict";
import type { CaseContext } from "../context.ts";
import { RawPeer } from "../raw-peer.ts";
import { until } from "../session-log.ts";
import { type Case, pause, range } from "./case.ts";

/** A neighbour that has received 1, and must receive 2 after the misbehaviour. */
async function undisturbed(context: CaseContext, misbehave: () => Promise<void>): Promise<void> {
  const neighbour = await context.client("neighbour");
  await neighbour.subscribe("news.sport");
  await context.publish("news.sport", { n: 1 });
  await neighbour.receives("news.sport", [1]);
  await misbehave();
  await context.publish("news.sport", { n: 2 });
  await neighbour.receives("news.sport", [1, 2]);
  assert.deepEqual(
    neighbour.states.filter((state) => state === "waiting"),
    [],
    "the neighbour lost its link",
  );
  assert.deepEqual(context.hubErrors, []);
  assert.equal((await context.verify()).gaps, 0);
}

const NONSENSE: readonly unknown[] = [
  { type: "subscribe", ref: -1, topic: "news.sport" },
  { type: "subscribe", ref: 1.5, topic: 7 },
  { type: "constructor" },
  { type: "__proto__", ref: 1 },
  { type: "publish", ref: 2, topic: "news.sport", event: "said", data: {}, id: "x".repeat(10_000) },
  { type: "subscribe", ref: 3, topic: "news.sport", position: { epoch: "e", offset: -1 } },
];

export const containment: readonly Case[] = [
  {
    name: "ends the link of a peer that sends nonsense, and disturbs no neighbour",
    async run(context) {
      await context.open();
      await undisturbed(context, async () => {
        const peer = new RawPeer(context);
        await peer.welcome();
        for (const message of NONSENSE) peer.send(message);
        assert.equal((await peer.end()).code, "malformed");
      });
    },
  },
  {
    name: "ends the link of a peer that sends commands before hello, or says hello twice",
    async run(context) {
      await context.open();
      await undisturbed(context, async () => {
        const early = new RawPeer(context);
        await early.open();
        early.send({ type: "subscribe", ref: 1, topic: "news.sport" });
        assert.equal((await early.end()).code, "malformed");
        assert.deepEqual(
          early.received.filter(({ type }) => type === "subscribed"),
          [],
        );
        const twice = new RawPeer(context);
        await twice.welcome();
        for (const ref of range(1, 6)) twice.send({ type: "hello", protocol: 1, session: `again-${ref}` });
        assert.equal((await twice.end()).code, "malformed");
      });
    },
  },
  {
    name: "ends the link of a peer that says nothing",
    async run(context) {
      await context.open({ limits: { helloTimeout: 60 } });
      const peer = new RawPeer(context);
      assert.equal((await peer.end()).code, "timeout");
      assert.equal(context.hub.links, 0);
    },
  },
  {
    name: "ends the link of a peer that speaks another version of the protocol",
    async run(context) {
      await context.open();
      const peer = new RawPeer(context);
      await peer.open();
      peer.send({ type: "hello", protocol: 99, session: "future" });
      assert.equal((await peer.end()).code, "unsupported_protocol");
    },
  },
  {
    name: "refuses a message that is larger than allowed, before it disturbs a neighbour",
    async run(context) {
      await context.open({ limits: { messageBytes: 8_192, byteRate: 10_000_000 } });
      await undisturbed(context, async () => {
        const peer = new RawPeer(context);
        await peer.welcome();
        const data = { n: 1, text: "x".repeat(300_000) };
        peer.send({ type: "publish", ref: 1, topic: "news.sport", event: "said", data, id: "large" });
        await refusedOrClosed(peer, "too_large");
        peer.close();
      });
    },
  },
  {
    name: "holds a peer to its rate of messages and of subscriptions",
    async run(context) {
      await context.open({
        limits: { messageBurst: 30, messageRate: 1, subscribeBurst: 5, subscribeRate: 1 },
      });
      await undisturbed(context, async () => {
        const peer = new RawPeer(context);
        await peer.welcome();
        for (const ref of range(1, 10)) peer.send({ type: "subscribe", ref, topic: `news.t${ref}` });
        assert.equal((await peer.message("error")).code, "rate_limited");
        for (const ref of range(11, 60)) peer.send({ type: "unsubscribe", ref, topic: "news.t1" });
        await pause(30);
        peer.close();
      });
    },
  },
  {
    name: "refuses more subscriptions than one link may have, and keeps the others",
    async run(context) {
      await context.open({ limits: { subscriptions: 3 } });
      const peer = new RawPeer(context);
      await peer.welcome();
      for (const ref of range(1, 4)) peer.send({ type: "subscribe", ref, topic: `news.t${ref}` });
      const error = await peer.message("error");
      assert.deepEqual([error.ref, error.code], [4, "rate_limited"]);
      const subscribed = (): number => peer.received.filter(({ type }) => type === "subscribed").length;
      await until(() => subscribed() === 3, "the three subscriptions");
      await context.publish("news.t3", { n: 1 });
      assert.equal((await peer.message("notification")).topic, "news.t3");
      peer.close();
    },
  },
  {
    name: "answers forged, foreign and future positions with a gap, never with another's notifications",
    async run(context) {
      await context.open();
      await context.publishRange("news.sport", 1, 3);
      const peer = new RawPeer(context);
      await peer.welcome();
      const { head } = await context.backplane.read("news.sport", undefined, 0);
      const forged = [
        { epoch: "forged", offset: 1 },
        { epoch: head.epoch, offset: head.offset + 100 },
        { epoch: head.epoch, offset: Number.MAX_SAFE_INTEGER },
        { epoch: "constructor", offset: 0 },
      ];
      for (const [index, position] of forged.entries()) {
        peer.received.length = 0;
        peer.send({ type: "subscribe", ref: index + 1, topic: "news.sport", position });
        const { gap, position: stands } = await peer.message("subscribed");
        assert.deepEqual([gap, stands], ["epoch", head]);
      }
      await context.publish("news.sport", { n: 4 });
      const next = await peer.message("notification");
      assert.equal(next.offset, head.offset + 1);
      peer.close();
    },
  },
];

/** A transport may refuse a large message by an answer or by the end of the link. */
async function refusedOrClosed(peer: RawPeer, code: string): Promise<void> {
  for (let look = 0; look < 500; look++) {
    const failed = peer.received.find((message) => message.type === "error");
    if (failed?.type === "error" || peer.closed) {
      assert.equal(failed?.type === "error" ? failed.code : peer.closed?.code, code);
      return;
    }
    await pause(5);
  }
  assert.fail("the large message was neither refused nor did it end the link");
}
