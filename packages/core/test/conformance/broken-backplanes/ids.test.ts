/** Backplanes that break idempotency on purpose: the kit has to catch every one. */
import { type Backplane } from "@bellwire/core/server";
import { describe, it } from "vitest";
import { hideConsoleErrors } from "../expected-errors.ts";
import { expectCaught, idsBy } from "./broken-backplane.ts";

hideConsoleErrors();

describe("the kit catches a backplane that, of ids,", () => {
  const once =
    "appends an id once and answers a repetition with the first position, also after other appends";
  const apart = "keeps the ids of publishers and of the server apart, whatever characters they contain";

  it("forgets every one", () => {
    let count = 0;
    return expectCaught({ log: idsBy(() => `${++count}`) }, once);
  });

  it("appends one twice when two publish it at the same time", () =>
    expectCaught(
      {
        log: idsBy((topic, { publisher, id }) => JSON.stringify([topic, publisher, id]), { careless: true }),
      },
      "appends an id once when many publish it at the same time through every instance",
    ));

  it("remembers only the one that was appended last", () => {
    const last = new Map<string, string>();
    let count = 0;
    return expectCaught(
      {
        log: (inner, clock) => {
          const remembering = idsBy((topic, { publisher, id }) => {
            const key = JSON.stringify([publisher, id]);
            if (last.get(topic) !== key) count += 1;
            last.set(topic, key);
            return `${topic} ${count}`;
          })(inner, clock);
          return {
            ...remembering,
            append(topic, entry) {
              if (entry.id === undefined) last.delete(topic);
              return remembering.append?.(topic, entry) as ReturnType<Backplane["append"]>;
            },
          };
        },
      },
      once,
    );
  });

  it("shares them among publishers", () =>
    expectCaught({ log: idsBy((topic, { id }) => JSON.stringify([topic, id])) }, apart));

  it("joins publisher and id with a character that both may hold", () =>
    expectCaught({ log: idsBy((topic, { publisher, id }) => `${topic}:${publisher}:${id}`) }, apart));

  it("shares them among topics", () =>
    expectCaught(
      { log: idsBy((_, { publisher, id }) => JSON.stringify([publisher, id])) },
      "keeps the ids of topics apart",
    ));

  it("forgets those whose entry was evicted", () =>
    expectCaught(
      {
        log: (inner, clock) => {
          let appends = 0;
          const remembering = idsBy((topic, { publisher, id }) =>
            JSON.stringify([topic, publisher, id, Math.floor(appends / 60)]),
          )(inner, clock);
          return {
            ...remembering,
            append(topic, entry) {
              appends += 1;
              return remembering.append?.(topic, entry) as ReturnType<Backplane["append"]>;
            },
          };
        },
      },
      "remembers an id after its entry was evicted",
    ));

  it("forgets them after a minute", () =>
    expectCaught(
      {
        log: idsBy((topic, { publisher, id }, now) =>
          JSON.stringify([topic, publisher, id, Math.floor(now / 60_000)]),
        ),
      },
      "remembers an id for 5 minutes from its first append",
    ));
});
