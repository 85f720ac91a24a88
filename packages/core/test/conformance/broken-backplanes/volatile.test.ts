/** Backplanes that break volatile entries or epochs on purpose: the kit has to catch every one. */
import { randomUUID } from "node:crypto";
import { settle } from "@bellwire/core/conformance";
import { describe, it } from "vitest";
import { hideConsoleErrors } from "../expected-errors.ts";
import { epochAlways, expectCaught } from "./broken-backplane.ts";

hideConsoleErrors();

describe("the kit catches a backplane that, with volatile entries,", () => {
  it("stores them", () =>
    expectCaught(
      { log: (inner) => ({ spread: async (...given) => void (await inner.append(...given)) }) },
      "stores no volatile entry and changes no offset",
    ));

  it("drops them for the listeners of its own instance", () =>
    expectCaught(
      {
        instance: (own) => {
          let spreading = false;
          return {
            async spread(...given) {
              spreading = true;
              const spread = own.spread(...given);
              spreading = false;
              return spread;
            },
            listen: (topic, listener) =>
              own.listen(topic, (epoch, entry) => {
                if (!spreading) listener(epoch, entry);
              }),
          };
        },
      },
      "spreads a volatile entry to the listeners of every instance, its own included, with offset 0",
    ));

  it("spreads them in any order", () => {
    let count = 0;
    return expectCaught(
      {
        log: (inner) => ({
          async spread(...given) {
            if (++count % 3 === 0) await settle();
            return inner.spread(...given);
          },
        }),
      },
      "spreads the entries of one instance in the order of the calls, each once",
    );
  });

  it("spreads them twice", () =>
    expectCaught(
      {
        log: (inner) => ({
          async spread(...given) {
            await inner.spread(...given);
            await inner.spread(...given);
          },
        }),
      },
      "spreads the entries of one instance in the order of the calls, each once",
    ));

  it("remembers their ids", () =>
    expectCaught(
      {
        log: (inner) => {
          const spread = new Set<string>();
          return {
            async spread(topic, entry) {
              if (entry.id !== undefined && spread.has(entry.id)) return;
              if (entry.id !== undefined) spread.add(entry.id);
              await inner.spread(topic, entry);
            },
          };
        },
      },
      "spreads an id each time, and leaves it free for an append",
    ));

  it("refuses one that is larger than a notification may be", () =>
    expectCaught(
      {
        log: (inner) => ({
          async spread(topic, entry) {
            if (entry.json.length > 65_536) throw new Error("payload string too long");
            return inner.spread(topic, entry);
          },
        }),
      },
      "spreads an entry of 1 MiB, since one entry lists the members of a hub",
    ));
});

describe("the kit catches a backplane that, of epochs,", () => {
  const lost = "starts a new epoch after the log was lost, and answers epoch to every earlier position";

  it("keeps the one from before its log was lost", () =>
    expectCaught({ log: epochAlways(() => randomUUID()) }, lost));

  it("gives the same to every log", () =>
    expectCaught({ log: epochAlways(() => "one") }, "never gives two logs the same epoch"));

  it("begins one with the first entry of a topic", () =>
    expectCaught(
      {
        log: (inner) => ({
          async read(topic, ...rest) {
            const history = await inner.read(topic, ...rest);
            return history.head.offset > 0 ? history : { ...history, head: { epoch: "none", offset: 0 } };
          },
        }),
      },
      "continues from the position of a topic that had no entry",
    ));

  it("answers a position of another epoch as if it were its own", () =>
    expectCaught(
      {
        log: (inner) => ({
          async read(topic, after, limit) {
            const { head } = await inner.read(topic, undefined, 0);
            return inner.read(topic, after && { ...after, epoch: head.epoch }, limit);
          },
        }),
      },
      "answers epoch to a position of another epoch and to one above the head",
    ));

  it("delivers under an epoch that a read does not know", () =>
    expectCaught(
      {
        log: (inner) => ({
          listen: (topic, listener) => inner.listen(topic, (epoch, entry) => listener(`${epoch}x`, entry)),
        }),
      },
      "delivers the entries that a read finds, unchanged and under their epoch",
    ));
});
