/**
 * Return values of command handlers: they may be anything, and they reach a client that chose the
 * question.
 */
import { settle } from "@bellwire/core/conformance";
import { afterEach, expect, it } from "vitest";
import { type Peer, World } from "./world.ts";

let world: World;
const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;

afterEach(() => world.dispose());

const place = (peer: Peer, ref: number, data: unknown = { n: 1 }) =>
  peer.say({ type: "publish", ref, topic: "orders", event: "place", data, id: `i${ref}` });

it.each([
  ["a bigint", 1n],
  ["a cycle", cyclic],
  ["a function", () => 1],
  ["a symbol", Symbol("secret")],
  [
    "a toJSON that throws",
    {
      toJSON() {
        throw new Error("secret");
      },
    },
  ],
])("answers internal when a handler returns %s, tells the application, and goes on", async (_, answer) => {
  world = new World();
  let answers: unknown = answer;
  world.hub.handle("orders", "place", () => answers);
  const [peer, neighbour] = [await world.welcomed(), await world.welcomed(undefined, "neighbour")];
  await place(peer, 1);
  answers = "taken";
  await place(peer, 2);
  await place(neighbour, 1);
  expect(peer.of("error")).toMatchObject([{ ref: 1, code: "internal" }]);
  expect(JSON.stringify(peer.received)).not.toContain("secret");
  expect([peer, neighbour].map((one) => one.of("acknowledged").map(({ data }) => data))).toEqual([
    ["taken"],
    ["taken"],
  ]);
  expect(world.complaints).toEqual([expect.any(TypeError)]);
});

it("refuses what a client nested without end before a handler sees it", async () => {
  world = new World();
  world.hub.handle("orders", "place", ({ data }) => data);
  const peer = await world.welcomed();
  await place(peer, 1, JSON.parse("[".repeat(30_000) + "]".repeat(30_000)));
  await place(peer, 2, { n: 2 });
  expect(peer.of("error")).toMatchObject([{ ref: 1, code: "invalid_data" }]);
  expect(peer.of("acknowledged")).toMatchObject([{ ref: 2, data: { n: 2 } }]);
});

it("survives a handler that returns what is nested without end", async () => {
  world = new World();
  const nested = (levels: number): unknown => JSON.parse("[".repeat(levels) + "]".repeat(levels));
  const answers = [nested(30_000), nested(101), nested(100)];
  world.hub.handle("orders", "place", () => answers.shift());
  const peer = await world.welcomed();
  for (let ref = 1; ref <= 3; ref++) await place(peer, ref);
  expect(peer.of("error").map(({ ref, code }) => [ref, code])).toEqual([
    [1, "internal"],
    [2, "internal"],
  ]);
  expect(peer.of("acknowledged").map(({ ref }) => ref)).toEqual([3]);
});

it("counts what handlers return among what is held for a slow consumer", async () => {
  world = new World({ limits: { queueBytes: 10_000 } });
  world.hub.handle("orders", "place", () => "x".repeat(2_000));
  const peer = await world.welcomed();
  peer.buffered = 5_000;
  for (let ref = 1; ref <= 3; ref++) await place(peer, ref);
  await settle();
  expect(peer.cause?.code).toBe("slow_consumer");
});
