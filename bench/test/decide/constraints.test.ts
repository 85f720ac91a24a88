import { describe, expect, it } from "vitest";
import { decide } from "../../src/decide/decision.ts";
import type { OptionId } from "../../src/decide/matrix.ts";
import type { Requirements } from "../../src/decide/requirements.ts";
import type { Results } from "../../src/results.ts";
import { matrix, needs, prices, results } from "./example.ts";

function decisionFor(given: Partial<Requirements>, measured?: Results) {
  return decide({ needs: needs(given), matrix, prices, results: measured, date: "2026-11-21" });
}

function excluded(given: Partial<Requirements>, measured?: Results): OptionId[] {
  return [...new Set(decisionFor(given, measured).exclusions.map(({ option }) => option))].toSorted();
}

describe("a hard constraint", () => {
  it("excludes nothing when nothing is asked that an option cannot do", () => {
    expect(excluded({})).toEqual([]);
  });

  it.each<[string, Partial<Requirements>, OptionId[]]>([
    ["proxies block WebSockets for all", { proxies: "strict" }, ["pusher", "ws"]],
    ["data must stay on the premises", { residency: "on-premises" }, ["pusher"]],
    ["no process can stay running", { processes: false }, ["fallback", "socketio", "sse", "ws"]],
    [
      "no process can stay running and history is needed",
      { processes: false, history: "needed" },
      ["fallback", "pusher", "socketio", "sse", "ws"],
    ],
    ["a list of 101 is needed", { presence: "needed", presenceMembers: 101 }, ["pusher"]],
    ["messages are larger than hosted Pusher takes", { bytes: 9_701 }, ["pusher"]],
    [
      "messages are larger than a WebSocket frame may be",
      { bytes: 65_537 },
      ["fallback", "pusher", "socketio", "ws"],
    ],
    ["six tabs share HTTP/1.1", { tabs: 6, http2: false }, ["sse"]],
    [
      "many users cannot be divided",
      { users: 200_000, splittable: false },
      ["fallback", "socketio", "sse", "ws"],
    ],
  ])("excludes what cannot serve when %s", (_, given, options) => {
    expect(excluded(given)).toEqual(options);
  });

  it.each<[string, Partial<Requirements>]>([
    ["only some are behind such proxies", { proxies: "some" }],
    ["a list of 101 is merely useful", { presence: "useful", presenceMembers: 101 }],
    ["a list of 100 is needed", { presence: "needed", presenceMembers: 100 }],
    ["six tabs share HTTP/2", { tabs: 6, http2: true }],
    ["six tabs on HTTP/1.1 share one connection", { tabs: 6, http2: false, sharedTabs: true }],
    ["five tabs share HTTP/1.1", { tabs: 5, http2: false }],
    ["many users can be divided", { users: 200_000, splittable: true }],
    ["one process can hold all", { users: 20_000, splittable: false }],
  ])("leaves everything in when %s", (_, given) => {
    expect(excluded(given)).toEqual([]);
  });

  it("excludes an option known to exceed the budget, but not one with an unknown price", () => {
    expect(excluded({ users: 400, budget: 20 })).toEqual(["pusher"]);
    expect(excluded({ users: 200_000, budget: 20 })).toEqual([]);
  });

  it("believes a measurement more than the matrix", () => {
    const connects = { "blocked-websocket": { "connects %": { "Bellwire ws": 100 } } };
    expect(excluded({ proxies: "some" }, results(connects))).toEqual([]);
    const decision = decisionFor({ proxies: "strict" }, results(connects));
    expect(decision.exclusions.map(({ option }) => option)).not.toContain("ws");
  });

  it("cites the measurement when it agrees", () => {
    const connects = { "blocked-websocket": { "connects %": { "Bellwire ws": 0 } } };
    const decision = decisionFor({ proxies: "strict" }, results(connects));
    const reason = decision.exclusions.find(({ option }) => option === "ws")?.reason;
    expect(reason?.refs).toContainEqual({
      kind: "figure",
      scenario: "blocked-websocket",
      contender: "Bellwire ws",
      metric: "connects",
    });
  });

  it("names a source and the answers for every exclusion", () => {
    const { exclusions } = decisionFor({ proxies: "strict", residency: "on-premises", processes: false });
    expect(exclusions.length).toBeGreaterThan(5);
    for (const { reason, answers } of exclusions) {
      expect(answers).not.toEqual([]);
      expect(reason.refs.some(({ kind }) => kind === "source")).toBe(true);
    }
  });

  it("leaves no choice rather than a wrong one", () => {
    const decision = decisionFor({ processes: false, history: "needed" });
    expect(decision.choice).toBeUndefined();
    expect(decision.turns.some(({ change, choice }) => change.key === "history" && choice === "pusher")).toBe(
      true,
    );
  });
});
