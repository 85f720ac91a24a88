/** Backplanes that break the order of a topic on purpose: the kit has to catch every one. */
import { settle, VirtualClock } from "@bellwire/core/conformance";
import { memoryBackplane } from "@bellwire/core/server";
import { describe, expect, it } from "vitest";
import { hideConsoleErrors } from "../expected-errors.ts";
import { memoryStore, sharedStore } from "../memory-store.ts";
import {
  changingEntries,
  changingOffsets,
  entryOf,
  expectCaught,
  failuresOf,
  fanningOut,
  idsBy,
} from "./broken-backplane.ts";

hideConsoleErrors();

it("finds nothing wrong with a backplane that keeps its promises", async () => {
  expect(await failuresOf(memoryStore)).toEqual([]);
  expect(await failuresOf(sharedStore())).toEqual([]);
  // The tools that break backplanes break nothing by themselves.
  expect(await failuresOf(sharedStore({ log: changingEntries((entry) => entry) }))).toEqual([]);
  const same = (offset: number): number => offset;
  expect(await failuresOf(sharedStore({ log: changingOffsets(same, same) }))).toEqual([]);
  const key = (...[topic, { publisher, id }]: Parameters<Parameters<typeof idsBy>[0]>): string =>
    JSON.stringify([topic, publisher, id]);
  expect(await failuresOf(sharedStore({ log: idsBy(key) }))).not.toContain(
    "appends an id once when many publish it at the same time through every instance",
  );
});

describe("the kit catches a backplane that, in the order of a topic,", () => {
  it("acknowledges two entries with one offset", () =>
    expectCaught(
      {
        log: (inner) => ({
          async append(...given) {
            const { epoch, offset } = await inner.append(...given);
            return { epoch, offset: offset === 7 ? 6 : offset };
          },
        }),
      },
      "numbers the entries of a topic from 1, by exactly 1, in one epoch",
    ));

  it("skips an offset", () =>
    expectCaught(
      {
        log: changingOffsets(
          (offset) => (offset > 4 ? offset + 1 : offset),
          (offset) => (offset > 5 ? offset - 1 : offset),
        ),
      },
      "numbers the entries of a topic from 1, by exactly 1, in one epoch",
    ));

  it("numbers each instance by itself", () =>
    expectCaught(
      ({ instances, history = {} }) => ({
        instances: Array.from({ length: instances }, () =>
          memoryBackplane({ history, clock: new VirtualClock() }),
        ),
      }),
      "gives every entry an offset of its own when many are appended at once through every instance",
    ));

  it("answers with null instead of a position", () =>
    expectCaught(
      {
        log: (inner) => ({
          append: async (...given) => void (await inner.append(...given)) as never,
        }),
      },
      "numbers the entries of a topic from 1, by exactly 1, in one epoch",
    ));

  it("delivers two entries in the wrong order", () =>
    expectCaught(
      {
        log: (inner) => ({
          listen(topic, listener) {
            let held: (() => void) | undefined;
            return inner.listen(topic, (epoch, entry) => {
              if (entry.offset === 30) held = () => listener(epoch, entry);
              else listener(epoch, entry);
              if (entry.offset === 31) held?.();
            });
          },
        }),
      },
      "delivers the entries of a topic to every listener in the order of their offsets, each once",
    ));

  it("delivers an entry twice", () =>
    expectCaught(
      {
        log: (inner) => ({
          listen: (topic, listener) =>
            inner.listen(topic, (epoch, entry) => {
              listener(epoch, entry);
              if (entry.offset === 30) listener(epoch, entry);
            }),
        }),
      },
      "delivers the entries of a topic to every listener in the order of their offsets, each once",
    ));

  it("delivers before it stores", () =>
    expectCaught(
      {
        log: (inner) => ({
          ...fanningOut(async (deliver, append, next) => {
            deliver(entryOf({ event: "said", json: "1", time: 0 }, next));
            await settle();
            return append();
          })(inner, new VirtualClock()),
        }),
      },
      "delivers an entry only when a read finds it, through any instance",
    ));

  it("acknowledges before it stores", () =>
    expectCaught(
      {
        log: (inner) => ({
          async append(topic, entry) {
            const { head } = await inner.read(topic, undefined, 0);
            setImmediate(() => void inner.append(topic, entry).catch(() => {}));
            return { ...head, offset: head.offset + 1 };
          },
        }),
      },
      "finds every acknowledged append by a read that begins later, through any instance",
    ));
});
