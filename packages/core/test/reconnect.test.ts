/** When a channel tries again: how long it waits, and when it forgets that it had to. */
import { settle } from "@bellwire/core/conformance";
import { afterEach, expect, it } from "vitest";
import { Cuttable, World } from "./world.ts";

let world: World;
afterEach(() => world.dispose());

/**
 * A channel whose link a test cuts; each cut answers with the milliseconds until the channel is
 * connected again.
 */
async function cutting() {
  world = new World();
  const wire = new Cuttable(() => world.transport());
  // Half of each bound: 250, 500, 1,000 …
  const channel = await world.connected({ transport: wire, random: () => 0.5 });
  return async (retryAfter?: number): Promise<number> => {
    const lost = world.clock.now();
    wire.cut({ code: "link_lost", ...(retryAfter !== undefined && { retryAfter }) });
    expect(channel.state).toBe("waiting");
    await settle();
    while (channel.state !== "connected" && world.clock.now() - lost < 60_000) await world.clock.advance(10);
    return world.clock.now() - lost;
  };
}

it("waits twice as long after each loss, up to 20 seconds, while no link lasts", async () => {
  const cut = await cutting();
  const waits: number[] = [];
  for (let n = 0; n < 8; n++) waits.push(await cut());
  expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
});

it("forgets earlier losses once a link has lasted five seconds, and not before", async () => {
  const cut = await cutting();
  await cut();
  expect(await cut()).toBe(500);
  await world.clock.advance(4_990);
  expect(await cut()).toBe(1_000);
  await world.clock.advance(5_000);
  expect(await cut()).toBe(250);
});

it("waits as long as the hub asked, no less and no more", async () => {
  const cut = await cutting();
  expect(await cut(7_000)).toBe(7_000);
  expect(await cut(30)).toBe(30);
});
