/** `hub.close()` waits for pending requests of clients, answers them, and only then closes. */
import { settle } from "@bellwire/core/conformance";
import type { HubOptions } from "@bellwire/core/server";
import { afterEach, expect, it, onTestFinished, vi } from "vitest";
import { codeOf, type Topics, World } from "./world.ts";

let world: World;
afterEach(() => world.dispose());
const open = (options: Partial<HubOptions<Topics, object>> = {}): World => {
  world = new World({ authorize: () => true, limits: { decisionTimeout: 60_000 }, ...options });
  return world;
};
/** Records the console's output instead of printing it. */
function heard(): unknown[] {
  const said: unknown[] = [];
  const spy = vi.spyOn(console, "error").mockImplementation((_, error: unknown) => void said.push(error));
  onTestFinished(() => spy.mockRestore());
  return said;
}
const place = (n: number) =>
  ({ type: "publish", ref: n, topic: "orders", event: "place", data: { n }, id: `i${n}` }) as const;

it("lets handlers that run finish, lets them publish, and sends their answers before the close", async () => {
  open();
  const goOn: (() => void)[] = [];
  world.hub.handle("orders", "place", async ({ data }) => {
    await new Promise<void>((resolve) => goOn.push(resolve));
    await world.hub.publish("orders", "placed", data);
    return { taken: data.n };
  });
  const [peer, subscriber] = [await world.welcomed(), await world.welcomed()];
  await subscriber.say({ type: "subscribe", ref: 1, topic: "orders" });
  await peer.say(place(1));
  await peer.say(place(2));
  let over = false;
  const closed = world.hub.close().then(() => {
    over = true;
  });
  await settle();
  expect([peer.cause, over]).toEqual([undefined, false]);
  for (const _ of [1, 2]) {
    goOn.shift()?.();
    await settle();
  }
  await world.clock.advance(100);
  await closed;
  expect(peer.of("acknowledged").map(({ ref, data }) => [ref, data])).toEqual([
    [1, { taken: 1 }],
    [2, { taken: 2 }],
  ]);
  expect(subscriber.of("notification").map(({ data }) => data)).toEqual([{ n: 1 }, { n: 2 }]);
  expect([peer.cause?.code, subscriber.cause?.code]).toEqual(["draining", "draining"]);
  expect(await codeOf(world.hub.publish("orders", "placed", { n: 3 }))).toBe("closed");
});

it("takes no new commands meanwhile: without an answer, clients send them again on their next link", async () => {
  open();
  const done: number[] = [];
  let goOn = (): void => {};
  world.hub.handle("orders", "place", async ({ data }) => {
    done.push(data.n);
    await new Promise<void>((resolve) => {
      goOn = resolve;
    });
  });
  const peer = await world.welcomed();
  await peer.say(place(1));
  const closed = world.hub.close();
  await peer.say(place(2));
  await peer.say({ type: "ping" });
  goOn();
  await world.clock.advance(100);
  await closed;
  expect(done).toEqual([1]);
  expect(peer.received.map(({ type }) => type)).toEqual(["welcome", "pong", "acknowledged"]);
});

it("waits no longer than flush for a handler that never ends, whose publishes then fail", async () => {
  open();
  let late: Promise<unknown> = Promise.resolve();
  let goOn = (): void => {};
  world.hub.handle("orders", "place", async ({ data }) => {
    await new Promise<void>((resolve) => {
      goOn = resolve;
    });
    late = world.hub.publish("orders", "placed", data);
    await late;
  });
  const peer = await world.welcomed();
  await peer.say(place(1));
  const closed = world.hub.close({ flush: 1_000 });
  await world.clock.advance(999);
  expect(peer.cause).toBeUndefined();
  await world.clock.advance(100);
  await closed;
  expect(peer.cause?.code).toBe("draining");
  goOn();
  await settle();
  expect(await codeOf(late)).toBe("closed");
});

it("drains although an adapter's callback throws or an application's onError does", async () => {
  const thrown = (): never => {
    throw new Error("broken");
  };
  const said = heard();
  open({ onError: thrown });
  world.hub.onClose(thrown);
  world.hub.handle("orders", "place", thrown);
  const peer = await world.welcomed();
  await peer.say(place(1));
  expect(peer.of("error")).toMatchObject([{ ref: 1, code: "internal" }]);
  const closed = world.hub.close();
  await world.clock.advance(100);
  await closed;
  expect(peer.cause?.code).toBe("draining");
  expect(said).toEqual([expect.any(Error), expect.any(Error)]);
});

it("contains an onError that rejects", async () => {
  const said = heard();
  open({ onError: () => Promise.reject(new Error("broken")) as never });
  world.hub.refused({ code: "forbidden", reason: "a foreign origin" }, "ws");
  await settle();
  expect(said).toEqual([expect.any(Error)]);
});

it("closes a link that an adapter had accepted too late", async () => {
  open();
  const closed = world.hub.close();
  const peer = world.peer();
  await world.clock.advance(100);
  await closed;
  expect(peer.cause?.code).toBe("draining");
  expect(world.hub.links).toBe(0);
});
