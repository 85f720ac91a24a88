/** The kit's promises hold over a transport that has a canary, as they do without. */
import type { Transport } from "@bellwire/core";
import { type CanaryReport, canary, sumReports } from "@bellwire/core/canary";
import {
  cases,
  conformance,
  kitTopics,
  memoryRig,
  type Rig,
  type Runner,
  runCase,
} from "@bellwire/core/conformance";
import { createHub, type LinkAcceptor } from "@bellwire/core/server";
import { describe, expect, it, onTestFinished } from "vitest";

/** Cases that look at what the hub sees of its clients, where a canary is one more link. */
const COUNTS_LINKS: ReadonlySet<string> = new Set([
  "notices a connection that died silently, on both ends, and recovers",
  "moves to another transport while notifications flow, with nothing lost or doubled",
  "gives a slow consumer of a topic that drops the newest, after a gap of reason overflow",
  "gives a slow consumer the newest of each key of a conflated event",
  "disconnects a slow consumer whose connection takes nothing more, counting the transport's own buffer",
  "sends a fresh token when the old one is about to expire, on the same link",
]);

const reports: CanaryReport[] = [];

/** Memory, with memory tried beside it, of the same hub or of another. */
function watched(candidateOf: (hub: LinkAcceptor) => LinkAcceptor): Rig {
  return {
    name: "memory",
    async start(hub) {
      const primary = await memoryRig.start(hub);
      const candidate = await memoryRig.start(candidateOf(hub));
      // One for all links, as an application has it: a client's next link is the same canary's.
      const transport: Transport = canary({
        primary: primary.transport(),
        candidate: candidate.transport(),
        share: 1,
        report: (report) => reports.push(report),
      });
      return {
        transport: () => transport,
        async stop() {
          await primary.stop();
          await candidate.stop();
        },
      };
    },
  };
}

const known = new Set(
  Object.values(cases)
    .flat()
    .map(({ name }) => name),
);
const runner: Runner = {
  describe,
  it: (name, run) => COUNTS_LINKS.has(name) || it(name, run),
};

describe("with a canary on the same hub", () => {
  conformance(
    watched((hub) => hub),
    runner,
  );

  it("both transports brought the same, as far as they were compared", () => {
    const { both, primary, candidate } = sumReports(reports);
    expect(both).toBeGreaterThan(500);
    for (const { lost, doubled, disorder } of [primary, candidate])
      expect([lost, doubled, disorder]).toEqual([0, 0, 0]);
  });
});

describe("with a canary on a hub of its own", () => {
  it.each([...COUNTS_LINKS])("%s", async (name) => {
    expect(known).toContain(name);
    const other = createHub({ topics: kitTopics, authorize: () => true });
    onTestFinished(() => other.close({ flush: 0, spread: 0 }));
    for (const entry of Object.values(cases).flat())
      if (entry.name === name)
        await runCase(
          watched(() => other),
          entry,
          { name: "directly", seed: 1, faults: false },
          () => {},
        );
  });
});
