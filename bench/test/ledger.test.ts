import { describe, expect, it } from "vitest";
import { Ledger } from "../src/measure/ledger.ts";

/**
 * Two subscribers of one topic, one of another; three notifications. Eight deliveries would be too
 * many, five are due.
 */
function day(): Ledger {
  const ledger = new Ledger();
  ledger.subscribed("ada", "chat.1");
  ledger.subscribed("björn", "chat.1");
  ledger.subscribed("ada", "goals.ada");
  ledger.published("chat.1", 0);
  ledger.published("goals.ada", 1);
  ledger.published("chat.1", 2);
  return ledger;
}

const DUE = [
  ["ada", "chat.1", 0],
  ["björn", "chat.1", 0],
  ["ada", "goals.ada", 1],
  ["ada", "chat.1", 2],
  ["björn", "chat.1", 2],
] as const;

function deliver(ledger: Ledger, deliveries: readonly (readonly [string, string, number])[]): Ledger {
  for (const [subscriber, topic, sequence] of deliveries) ledger.delivered(subscriber, topic, sequence);
  return ledger;
}

const CLEAN = { expected: 5, delivered: 5, lost: 0, doubled: 0, disordered: 0, stray: 0 };

describe("the ledger", () => {
  it("finds nothing wrong when everything came once and in order", () => {
    const ledger = deliver(day(), DUE);
    expect(ledger.account()).toEqual(CLEAN);
    expect(ledger.complete).toBe(true);
  });

  it("names the subscribers that miss something", () => {
    const [a, b, c, d, e] = DUE;
    const ledger = deliver(day(), [a, b, c, d]);
    expect(ledger.behind()).toEqual(["björn"]);
    deliver(ledger, [e, e]);
    expect(ledger.behind()).toEqual([]);
    ledger.published("goals.ada", 3);
    expect(ledger.behind()).toEqual(["ada"]);
  });

  it("names the subscribers that have the last of each topic, whatever is missing before", () => {
    const [a, b, c, d, e] = DUE;
    const ledger = deliver(day(), [a, b, c, d]);
    expect(ledger.hasLast("ada")).toBe(true);
    expect(ledger.hasLast("björn")).toBe(false);
    deliver(ledger, [e]);
    expect(ledger.hasLast("björn")).toBe(true);
    expect(deliver(day(), [c, d, e]).behind()).toEqual(["ada", "björn"]);
    expect(deliver(day(), [c, d, e]).hasLast("ada")).toBe(true);
    ledger.subscribed("chloé", "chat.1");
    expect(ledger.hasLast("chloé")).toBe(true);
    ledger.published("chat.1", 3);
    expect(ledger.hasLast("chloé")).toBe(false);
  });

  it("counts nothing against topics that overtake each other", () => {
    const [a, b, c, d, e] = DUE;
    expect(deliver(day(), [c, b, a, e, d]).account()).toEqual(CLEAN);
  });

  it.each(DUE.map((_, index) => index))("misses delivery %i when it does not come", (index) => {
    const ledger = deliver(day(), DUE.toSpliced(index, 1));
    expect(ledger.account()).toEqual({ ...CLEAN, delivered: 4, lost: 1 });
    expect(ledger.complete).toBe(false);
  });

  it("counts a repeated delivery, and does not take it for a missing one", () => {
    const [a] = DUE;
    expect(deliver(day(), [...DUE, a, a]).account()).toEqual({ ...CLEAN, doubled: 2 });
    expect(deliver(day(), [...DUE.slice(0, 4), a]).account()).toEqual({
      ...CLEAN,
      delivered: 4,
      lost: 1,
      doubled: 1,
    });
  });

  it("counts a delivery that follows a later one of its topic", () => {
    const [a, b, c, d, e] = DUE;
    expect(deliver(day(), [d, a, b, c, e]).account()).toEqual({ ...CLEAN, disordered: 1 });
  });

  it("counts a delivery to a subscriber that is not due it", () => {
    const ledger = deliver(day(), [
      ...DUE,
      ["björn", "goals.ada", 1],
      ["eve", "chat.1", 0],
      ["ada", "chat.1", 9],
    ]);
    expect(ledger.account()).toEqual({ ...CLEAN, stray: 3 });
  });

  it("expects no earlier notification for a late subscriber", () => {
    const ledger = day();
    ledger.subscribed("chloé", "chat.1");
    expect(ledger.published("chat.1", 3)).toBe(3);
    expect(ledger.account().expected).toBe(8);
  });
});
