import { defineTopics, type } from "@bellwire/core";
import { createChannel } from "@bellwire/core/client";
import { memoryTransport } from "@bellwire/core/memory";
import { createHub } from "@bellwire/core/server";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

const topics = defineTopics({ "rides.{id}": { moved: type<{ km: number }>() } });

/** The application's own, with time in it: a ride that has not moved for a minute is quiet. */
function watch(hear: (moved: () => void) => void, quiet: () => void): void {
  let timer = setTimeout(quiet, 60_000);
  hear(() => {
    clearTimeout(timer);
    timer = setTimeout(quiet, 60_000);
  });
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("a ride is quiet a minute after it last moved", async () => {
  const hub = createHub({ topics });
  const channel = createChannel({ topics, transport: memoryTransport(hub) });
  const quiet = vi.fn();
  const ride = channel.subscribe("rides.7");
  watch((moved) => ride.on("moved", moved), quiet);

  await vi.advanceTimersByTimeAsync(59_000); // also time enough for the subscription
  await hub.publish("rides.7", "moved", { km: 1 });
  await vi.advanceTimersByTimeAsync(59_000);
  expect(quiet).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(quiet).toHaveBeenCalledTimes(1);

  channel.close();
  await hub.close({ flush: 0 });
});

it("a channel that lost its hub reconnects, and receives what it missed", async () => {
  const hub = createHub({ topics });
  const transport = memoryTransport(hub);
  let links = 0;
  const flaky = {
    ...transport,
    connect: (observer: Parameters<typeof transport.connect>[0]) => {
      const link = transport.connect(observer);
      links += 1;
      // The first link breaks after ten seconds.
      if (links === 1) setTimeout(() => link.close({ code: "link_lost" }), 10_000);
      return link;
    },
  };
  const channel = createChannel({ topics, transport: flaky });
  const heard: number[] = [];
  channel.subscribe("rides.7").on("moved", ({ data }) => heard.push(data.km));

  await vi.advanceTimersByTimeAsync(10_000);
  await hub.publish("rides.7", "moved", { km: 2 });
  await vi.advanceTimersByTimeAsync(500); // the first delay is random, up to half a second
  expect([channel.state, heard, links]).toEqual(["connected", [2], 2]);
  await vi.advanceTimersByTimeAsync(3_600_000); // an hour in one go: pings are answered on the way
  expect([channel.state, links]).toEqual(["connected", 2]);

  channel.close();
  await hub.close({ flush: 0 });
});
