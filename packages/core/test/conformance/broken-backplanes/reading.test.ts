/** Backplanes that break reads on purpose: the kit has to catch every one. */

import type { Position } from "@bellwire/core";
import { settle, VirtualClock } from "@bellwire/core/conformance";
import { type Backplane, type History, memoryBackplane } from "@bellwire/core/server";
import { describe, it } from "vitest";
import { hideConsoleErrors } from "../expected-errors.ts";
import type { Change } from "../memory-store.ts";
import { changingReads, expectCaught, readRest } from "./broken-backplane.ts";

hideConsoleErrors();

describe("the kit catches a backplane that, when it is read,", () => {
  const evicted = "keeps as many entries as it declares, and answers evicted where older ones are missing";

  const newest = "reads the newest entries without a position, and with one those below it";

  it("passes over a hole", () =>
    expectCaught(
      {
        log: changingReads((history) =>
          history.ok
            ? { ...history, entries: history.entries.filter(({ offset }) => offset !== 50) }
            : history,
        ),
      },
      "reads everything after any position of the window, in order",
    ));

  it("ignores the limit", () =>
    expectCaught(
      { log: (inner) => ({ read: (topic, after) => inner.read(topic, after, 1_000_000) }) },
      "reads all or nothing when there is more than the limit",
    ));

  it("reads a part when there is more than the limit", () =>
    expectCaught(
      {
        log: (inner) => ({
          async read(topic, after, limit) {
            const history = await inner.read(topic, after, 1_000_000);
            return history.ok ? { ...history, entries: history.entries.slice(0, limit) } : history;
          },
        }),
      },
      "reads all or nothing when there is more than the limit",
    ));

  it("says nothing of eviction", () =>
    expectCaught(
      {
        log: (inner) => ({
          async read(topic, ...rest) {
            const history = await inner.read(topic, ...rest);
            return !history.ok && history.reason === "evicted" ? readRest(inner, topic, history) : history;
          },
        }),
      },
      evicted,
    ));

  it("keeps fewer entries than it declares", () =>
    expectCaught(
      ({ instances, history = {} }) => ({
        instances: Array.from({ length: instances }, () =>
          memoryBackplane({ history: { size: 4 }, clock: new VirtualClock() }),
        ),
        history,
      }),
      evicted,
    ));

  it("keeps every entry although it declares a cap", () =>
    expectCaught(
      ({ history = {} }) => ({
        instances: [memoryBackplane({ history: { size: 10_000 }, clock: new VirtualClock() })],
        history,
      }),
      evicted,
    ));

  it("takes head and entries from two moments", () =>
    expectCaught(
      {
        log: (inner) => ({
          async read(topic, ...rest) {
            const history = await inner.read(topic, ...rest);
            await settle();
            const { head } = await inner.read(topic, undefined, 0);
            return { ...history, head };
          },
        }),
      },
      "reads from one moment while others append: the entries end at the head",
    ));

  it("takes a position above the head for the head", () =>
    expectCaught(
      {
        log: changingReads((history, _, after) =>
          history.ok || after <= history.head.offset
            ? history
            : { ok: true, head: history.head, entries: [] },
        ),
      },
      "answers epoch to a position of another epoch and to one above the head",
    ));

  it("answers without a position with the whole log", () =>
    expectCaught(
      { log: pages((inner, topic) => everything(inner, topic)) },
      "answers a read of no entries with the head alone",
    ));

  it("gives the entry at the end of a page again", () =>
    expectCaught(
      {
        log: pages((inner, topic, limit, before) =>
          inner.read(topic, undefined, limit, before && { ...before, offset: before.offset + 1 }),
        ),
      },
      newest,
    ));

  it("gives the oldest entries of a page", () =>
    expectCaught(
      {
        log: pages(async (inner, topic, limit, before) => {
          const history = await inner.read(topic, undefined, 1_000_000, before);
          return history.ok ? { ...history, entries: history.entries.slice(0, limit) } : history;
        }),
      },
      newest,
    ));

  it("ignores the position of a page", () =>
    expectCaught({ log: pages((inner, topic, limit) => inner.read(topic, undefined, limit)) }, newest));

  it("takes any epoch for a page", () =>
    expectCaught(
      {
        log: pages(async (inner, topic, limit, before) => {
          const { head } = await inner.read(topic, undefined, 0);
          return inner.read(topic, undefined, limit, before && { ...head, offset: before.offset });
        }),
      },
      "answers epoch to a page below a position of another epoch or from the future",
    ));

  it("refuses a page that reaches what was evicted", () =>
    expectCaught(
      {
        log: pages(async (inner, topic, limit, before) => {
          const history = await inner.read(topic, undefined, limit, before);
          return history.ok && history.entries.length < limit
            ? { ok: false, head: history.head, reason: "evicted" }
            : history;
        }),
      },
      "pages back as far as entries are stored, and then gives none",
    ));
});

/** Changes the reads without a position. */
function pages(
  read: (inner: Backplane, topic: string, limit: number, before?: Position) => Promise<History>,
): Change {
  return (inner) => ({
    read: (topic, after, limit, before) =>
      after ? inner.read(topic, after, limit) : read(inner, topic, limit, before),
  });
}

async function everything(inner: Backplane, topic: string): Promise<History> {
  return inner.read(topic, undefined, 1_000_000);
}
