import { describe, expect, it } from "vitest";
import {
  costOf,
  hostedMessagesPerDay,
  planFor,
  processesForConnections,
  size,
} from "../../src/decide/cost.ts";
import type { Prices } from "../../src/decide/prices.ts";
import { stormOf, stormSeconds } from "../../src/decide/storm.ts";
import { matrix, needs, prices, results } from "./example.ts";

const source = { title: "made up", url: "https://example.com/", date: "2026-11-21" };

/** Round numbers, to reckon by hand. */
const round: Prices = {
  servers: [
    { id: "shared", name: "shared", cores: 4, memoryGiB: 8, shared: true, dollars: 5, source },
    { id: "small", name: "small", cores: 2, memoryGiB: 8, shared: false, dollars: 40, source },
    { id: "large", name: "large", cores: 8, memoryGiB: 32, shared: false, dollars: 150, source },
  ],
  egress: { dollarsPerGB: 0.01, source },
  pusher: {
    source,
    plans: [
      { name: "A", dollars: 0, connections: 100, messagesPerDay: 200_000 },
      { name: "B", dollars: 50, connections: 500, messagesPerDay: 1_000_000 },
    ],
  },
  assumptions: {
    peakFactor: 4,
    headroom: 2,
    connectionsPerProcess: 20_000,
    memoryPerProcessMiB: 128,
    packetBytes: 50,
    pingSeconds: 25,
    pingBytes: 50,
    spareServers: 1,
    daysPerMonth: 30,
    hoursSelf: 6,
    hoursHosted: 1,
  },
  sources: [source],
};
const load = { cpuMicroseconds: 10, memoryKiB: 16, wireBytes: 150 };

describe("the cost of own servers", () => {
  it("is one shared server for a small application", () => {
    const small = size(needs({ users: 1_024, messagesPerSecond: 1, recipients: 100 }), load, round);
    // 100 deliveries/s × 4 at the peak × 10 µs = 4 ms of CPU per second
    expect(small.deliveriesPerSecond).toBe(100);
    expect(small.coresAtPeak).toBeCloseTo(0.004, 9);
    expect(small.processes).toBe(1);
    // 1,024 × 16 KiB × 2 = 32 MiB, and 128 MiB for the process
    expect(small.memoryGiB).toBeCloseTo(160 / 1_024, 9);
    expect([small.server.id, small.servers]).toEqual(["shared", 1]);
  });

  it("counts deliveries and pings as traffic, TCP and IP included", () => {
    const given = { users: 1_000, messagesPerSecond: 1, recipients: 100, bytes: 128, activeHours: 24 };
    // deliveries: 100/s × 2,592,000 s × (150 + 50) B = 51.84 GB; pings: 40/s × 2,592,000 s × 100 B
    // = 10.368 GB
    expect(size(needs(given), load, round).egressGB).toBeCloseTo(51.84 + 10.368, 6);
    // in half of the hours half of the deliveries, but all pings
    expect(size(needs({ ...given, activeHours: 12 }), load, round).egressGB).toBeCloseTo(25.92 + 10.368, 6);
    // 100 B more of data
    expect(size(needs({ ...given, bytes: 228 }), load, round).egressGB).toBeCloseTo(77.76 + 10.368, 6);
  });

  it("rents servers by cores, with a spare one from two on, and no shared ones", () => {
    // 100,000 users need five processes by connections: three small with two cores, and a spare
    // one, cost 160; one large costs 150
    const byConnections = size(needs({ users: 100_000, messagesPerSecond: 1, recipients: 1 }), load, round);
    expect(byConnections.processes).toBe(5);
    expect([byConnections.server.id, byConnections.servers]).toEqual(["large", 1]);
    // 50,000 deliveries/s × 4 × 10 µs = 2 cores, 4 processes with headroom: two small and a spare
    // one cost 120
    const byCpu = size(needs({ users: 1_000, messagesPerSecond: 50, recipients: 1_000 }), load, round);
    expect(byCpu.coresAtPeak).toBeCloseTo(2, 9);
    expect(byCpu.processes).toBe(4);
    expect([byCpu.server.id, byCpu.servers]).toEqual(["small", 3]);
  });

  it("rents servers by memory where that is more", () => {
    // 20,000 × 512 KiB × 2 = 19.53 GiB in one process: three shared servers and a spare one cost 20
    const sized = size(
      needs({ users: 20_000, messagesPerSecond: 1, recipients: 1 }),
      { ...load, memoryKiB: 512 },
      round,
    );
    expect(sized.memoryGiB).toBeCloseTo((20_000 * 1_024) / 1_024 ** 2 + 0.125, 9);
    expect([sized.server.id, sized.servers]).toEqual(["shared", 4]);
  });

  it("takes one more process for one more connection than fits", () => {
    expect(processesForConnections(20_000, round.assumptions)).toBe(1);
    expect(processesForConnections(20_001, round.assumptions)).toBe(2);
  });

  const figures = {
    "fan-out": {
      "server-cpu-1 µs": { raw: 12, "Bellwire ws": 10, "Bellwire sse": 11 },
      "wire-bytes B": { raw: 132, "Bellwire ws": 150, "Bellwire sse": 160 },
    },
  };
  const memory = { "rss-per-connection KiB": { raw: 8, "Bellwire ws": 16, "Bellwire sse": 20 } };

  it("is unknown, and not zero, as long as a figure is missing", () => {
    const evidence = { results: results(figures), proxies: "none" } as const;
    const cost = costOf(matrix.options.ws, needs(), evidence, prices);
    expect(cost.money).toBeUndefined();
    expect(
      costOf(matrix.options.ws, needs(), { ...evidence, results: undefined }, prices).money,
    ).toBeUndefined();
  });

  it("is known from CPU, memory and bytes, and cites each of them", () => {
    const evidence = { results: results({ ...figures, "idle-memory": memory }), proxies: "none" } as const;
    const given = { users: 1_000, messagesPerSecond: 1, recipients: 100 };
    const cost = costOf(matrix.options.ws, needs(given), evidence, round);
    // one shared server at 5 and 62.208 GB at a cent
    expect(cost.money).toBeCloseTo(5 + 0.62208, 6);
    const cited = cost.refs.flatMap((ref) =>
      ref.kind === "figure" ? [`${ref.scenario}/${ref.metric}`] : [],
    );
    expect(cited).toEqual(["fan-out/server-cpu-1", "idle-memory/rss-per-connection", "fan-out/wire-bytes"]);
  });

  it("reads memory in bytes and in KiB alike", () => {
    const inBytes = { "rss-per-connection B": { raw: 8_192, "Bellwire ws": 16_384 } };
    const of = (scenario: typeof memory | typeof inBytes) =>
      costOf(
        matrix.options.ws,
        needs(),
        { results: results({ ...figures, "idle-memory": scenario }), proxies: "none" },
        round,
      );
    expect(of(inBytes).statements).toEqual(of(memory).statements);
  });

  it("takes the dearer of two wires where users are on both", () => {
    const measured = results({ ...figures, "idle-memory": memory });
    const of = (proxies: "none" | "some") =>
      costOf(matrix.options.fallback, needs({ users: 1_000 }), { results: measured, proxies }, round);
    expect(of("some").refs).toContainEqual(
      expect.objectContaining({ contender: "Bellwire sse", metric: "wire-bytes" }),
    );
    expect(of("none").refs).toContainEqual(
      expect.objectContaining({ contender: "Bellwire ws", metric: "wire-bytes" }),
    );
  });

  it("counts hours apart, and only where they have a price", () => {
    const of = (operatorHour: number | null) =>
      costOf(matrix.options.ws, needs({ operatorHour }), { results: undefined, proxies: "none" }, round)
        .hours;
    expect(of(50)).toBe(300);
    expect(of(null)).toBeUndefined();
  });
});

describe("the cost of a hosted service", () => {
  it("counts a message for each publish and for each delivery", () => {
    expect(hostedMessagesPerDay(needs({ messagesPerSecond: 2, recipients: 9, activeHours: 10 }))).toBe(
      720_000,
    );
  });

  it.each([
    [100, 1, 1, "A"],
    [101, 1, 1, "B"],
    [100, 1, 2, "B"],
    [500, 1, 10, "B"],
    [501, 1, 1, undefined],
    [10, 2, 5, undefined],
  ])(
    "is the cheapest plan with room: %i users, %i per second to %i",
    (users, messagesPerSecond, recipients, plan) => {
      const given = needs({ users, messagesPerSecond, recipients, activeHours: 24 });
      expect(planFor(given, round.pusher.plans)?.name).toBe(plan);
    },
  );

  it("is unknown above the last plan", () => {
    const cost = costOf(
      matrix.options.pusher,
      needs({ users: 501 }),
      { results: undefined, proxies: "none" },
      round,
    );
    expect(cost.money).toBeUndefined();
  });
});

describe("all users reconnecting at once", () => {
  it("keeps each process busy for its share", () => {
    // 200,000 × 100 µs = 20 s of CPU, in ten processes
    expect(stormSeconds(200_000, 10, 100)).toBeCloseTo(2, 9);
  });

  it("is said where it was measured, and not otherwise", () => {
    const measured = results({ "connect-storm": { "server-cpu µs": { raw: 50, "Bellwire ws": 100 } } });
    const of = (evidence: typeof measured | undefined, processes: number) =>
      stormOf(matrix.options.ws, needs(), processes, { results: evidence, proxies: "none" });
    expect(of(measured, 1)).toHaveLength(1);
    expect(of(undefined, 1)).toEqual([]);
    expect(of(measured, 0)).toEqual([]);
  });
});
