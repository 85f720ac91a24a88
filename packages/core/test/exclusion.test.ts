/** `exclude` excludes the publisher and no other client, whatever identity a client claims. */
import { settle } from "@bellwire/core/conformance";
import { afterEach, expect, it } from "vitest";
import { authenticate, type Peer, type User, World } from "./world.ts";

const SECRET = "0123456789abcdef012345";

let world: World<User>;
afterEach(() => world.dispose());

const follow = (peer: Peer) => peer.say({ type: "subscribe", ref: 1, topic: "news.a" });
const whisper = (peer: Peer) =>
  peer.say({
    type: "publish",
    ref: 2,
    topic: "news.a",
    event: "said",
    data: { n: 1 },
    id: "i",
    excludeSelf: true,
  });
const heard = (peer: Peer): string[] =>
  peer.received.map(({ type }) => type).filter((type) => type === "notification" || type === "skip");

it("hides nothing from a user whose session another user claims", async () => {
  world = new World<User>({ authenticate, authorize: () => true });
  const [alice, eve] = [await world.welcomed("alice", SECRET), await world.welcomed("eve", SECRET)];
  await follow(alice);
  await whisper(eve);
  await settle();
  expect(heard(alice)).toEqual(["notification"]);
});

it("hides nothing from a client whose session is short enough to be guessed", async () => {
  world = new World<User>({ authorize: () => true });
  const [victim, eve] = [await world.welcomed(undefined, "me"), await world.welcomed(undefined, "me")];
  await follow(victim);
  await follow(eve);
  await whisper(eve);
  await settle();
  expect([heard(victim), heard(eve)]).toEqual([["notification"], ["skip"]]);
});

it("hides nothing from a link that its adapter has named", async () => {
  world = new World<User>({ authorize: () => true });
  const named = await world.welcomed(undefined, "x", { session: "1234567890.987654321" });
  const eve = await world.welcomed(undefined, "1234567890.987654321");
  await follow(named);
  await whisper(eve);
  await settle();
  expect(heard(named)).toEqual(["notification"]);
});

it("spares a channel on its next link what it published on an earlier one", async () => {
  world = new World<User>({ authenticate, authorize: () => true });
  const first = await world.welcomed("alice", SECRET);
  await follow(first);
  const position = first.of("subscribed")[0]?.position;
  first.hangUp();
  const publisher = await world.welcomed("alice", SECRET);
  await whisper(publisher);
  publisher.hangUp();
  const next = await world.welcomed("alice", SECRET);
  await next.say({ type: "subscribe", ref: 1, topic: "news.a", position });
  expect(heard(next)).toEqual(["skip"]);
});

it("gives a handler an id that differs from the session in the hello", async () => {
  world = new World<User>({ authenticate, authorize: () => true });
  const sessions: string[] = [];
  world.hub.handle("orders", "place", ({ session }) => void sessions.push(session));
  const peer = await world.welcomed("alice", SECRET);
  await peer.say({ type: "publish", ref: 1, topic: "orders", event: "place", data: { n: 1 }, id: "i" });
  expect(sessions).toEqual([expect.stringMatching(/^[\w-]{22}$/)]);
});
