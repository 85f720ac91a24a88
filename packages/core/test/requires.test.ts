/** Requirements of an application are found missing at start-up, not in production. */
import type { CapabilityName, Transport } from "@bellwire/core";
import { createChannel, fallback } from "@bellwire/core/client";
import { MEMORY_CAPABILITIES } from "@bellwire/core/memory";
import { afterEach, beforeEach, expect, it } from "vitest";
import { codeOf, topics, World } from "./world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.dispose());

/**
 * A transport that can do less than memory; its types do not say so, as with one that was picked at
 * run time.
 */
const lesser = (...missing: readonly CapabilityName[]): Transport => ({
  ...world.transport(),
  name: "lesser",
  capabilities: { ...MEMORY_CAPABILITIES, ...Object.fromEntries(missing.map((name) => [name, "none"])) },
});

it("refuses a transport that lacks a requirement, and names the requirement and the transport", () => {
  const transport = lesser("history");
  expect(() => createChannel({ topics, transport, requires: ["acknowledgement", "history"] })).toThrow(
    expect.objectContaining({
      code: "invalid_option",
      message: "createChannel.requires[1]: missing in lesser",
    }),
  );
  expect(() =>
    createChannel({ topics, transport, requires: ["acknowledgement", "clientPublish"] }),
  ).not.toThrow();
});

it("judges a fallback by the weakest of its transports", () => {
  const transport = fallback([world.transport(), lesser("presence")]);
  expect(() => createChannel({ topics, transport, requires: ["presence"] })).toThrow(
    expect.objectContaining({ message: "createChannel.requires[0]: missing in fallback(memory, lesser)" }),
  );
});

it("refuses requirements that no transport has, and anything but a list", () => {
  const transport = world.transport();
  for (const requires of [
    ["histroy"],
    ["maxMessageBytes"],
    ["constructor"],
    [undefined],
    "history",
    { 0: "history" },
  ]) {
    expect(() => createChannel({ topics, transport, requires: requires as never })).toThrow(
      expect.objectContaining({
        code: "invalid_option",
        message: expect.stringMatching(/^createChannel\.requires/),
      }),
    );
  }
});

it("does not move a channel to a transport that lacks a requirement, and goes on as before", async () => {
  const channel = await world.connected({ requires: ["history"] });
  expect(await codeOf(channel.switchTransport(lesser("history")))).toBe("invalid_option");
  expect(channel.state).toBe("connected");
  await channel.switchTransport(lesser("presence"));
  expect(world.hub.links).toBe(1);
});
