/**
 * The kit's promises hold over WebSockets with SSE tried beside them, through faults, as they do
 * without.
 */
import { sseRig } from "@bellwire/adapter-sse/testing";
import { webSocketRig } from "@bellwire/adapter-ws/testing";
import type { Transport } from "@bellwire/core";
import { type CanaryReport, canary, sumReports } from "@bellwire/core/canary";
import { cases, kitTopics, type Rig, runCase } from "@bellwire/core/conformance";
import { createHub, type LinkAcceptor } from "@bellwire/core/server";
import { describe, expect, it, onTestFinished } from "vitest";

const reports: CanaryReport[] = [];

/**
 * Cases that look at what the hub sees of its clients, where a canary is one more link; their
 * candidate has a hub of its own.
 */
const COUNTS_LINKS: ReadonlySet<string> = new Set([
  "notices a connection that died silently, on both ends, and recovers",
  "moves to another transport while notifications flow, with nothing lost or doubled",
  "gives a slow consumer of a topic that drops the newest, after a gap of reason overflow",
  "gives a slow consumer the newest of each key of a conflated event",
  "disconnects a slow consumer whose connection takes nothing more, counting the transport's own buffer",
  "sends a fresh token when the old one is about to expire, on the same link",
]);

function watched(other: LinkAcceptor | undefined): Rig {
  return {
    name: webSocketRig.name,
    async start(hub) {
      const primary = await webSocketRig.start(hub);
      const candidate = await sseRig.start(other ?? hub);
      const made = new Map<number | undefined, Transport>();
      const transport = (port: number | undefined): Transport => {
        const known = made.get(port);
        // One for all links of a client, as an application has it.
        const transport =
          known ??
          canary({
            primary: primary.transport(port),
            candidate: candidate.transport(),
            share: 1,
            report: (report) => reports.push(report),
          });
        made.set(port, transport);
        return transport;
      };
      return {
        ...(primary.port !== undefined && { port: primary.port }),
        transport,
        async stop() {
          await primary.stop();
          await candidate.stop();
        },
      };
    },
  };
}

const way = { name: "through faults", seed: 20_260_101, faults: true };

for (const [subject, list] of Object.entries(cases)) {
  describe(subject, () => {
    it.each(list.map((entry) => [entry.name, entry] as const))("%s", async (name, entry) => {
      const other = COUNTS_LINKS.has(name)
        ? createHub({ topics: kitTopics, authorize: () => true })
        : undefined;
      if (other) onTestFinished(() => other.close({ flush: 0, spread: 0 }));
      await runCase(watched(other), entry, way, (line) => console.log(line));
    });
  });
}

it("the undisturbed candidate brought everything that the primary brought, and more where the primary had a gap", () => {
  const { both, primary, candidate } = sumReports(reports);
  expect(both).toBeGreaterThan(100);
  expect(candidate).toMatchObject({ lost: 0, doubled: 0, disorder: 0 });
  expect(primary).toMatchObject({ doubled: 0, disorder: 0 });
  expect(primary.gaps).toBeGreaterThan(0);
  expect(primary.lost).toBeGreaterThan(0);
});
