/** Backplanes that break reads on purpose: the kit has to catch every one. */
import { settle, VirtualClock } from "@bellwire/core/conformance";
import { memoryBackplane } from "@bellwire/core/server";
import { describe, it } from "vitest";
import { hideConsoleErrors } from "../expected-errors.ts";
import { changingReads, expectCaught, readRest } from "./broken-backplane.ts";

hideConsoleErrors();

describe("the kit catches a backplane that, when it is read,", () => {
  const evicted = "keeps as many entries as it declares, and answers evicted where older ones are missing";

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
      {
        log: (inner) => ({
          async read(topic, after, limit) {
            if (after) return inner.read(topic, after, limit);
            const { head } = await inner.read(topic, undefined, 0);
            return inner.read(topic, { ...head, offset: 0 }, 1_000);
          },
        }),
      },
      "answers a read without a position with the head alone",
    ));
});
