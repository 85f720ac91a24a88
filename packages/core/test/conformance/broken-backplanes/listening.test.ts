/** Backplanes that break delivery to listeners on purpose: the kit has to catch every one. */
import { describe, it } from "vitest";
import { hideConsoleErrors } from "../expected-errors.ts";
import { expectCaught, fanningOut } from "./broken-backplane.ts";

hideConsoleErrors();

describe("the kit catches a backplane that, for listeners,", () => {
  it("resolves listen before it listens", () =>
    expectCaught(
      {
        log: (inner) => ({
          async listen(topic, listener) {
            let stop: (() => void) | undefined;
            setImmediate(() => {
              inner.listen(topic, listener).then(
                (begun) => void (stop = begun),
                () => {},
              );
            });
            return () => stop?.();
          },
        }),
      },
      "delivers everything that is appended once listen has resolved",
    ));

  it("delivers to its own instance alone", () =>
    expectCaught(
      {
        instance: (own) => {
          let appending = 0;
          return {
            async append(...given) {
              appending += 1;
              const appended = own.append(...given);
              appending -= 1;
              return appended;
            },
            listen: (topic, listener) =>
              own.listen(topic, (epoch, entry) => {
                if (appending > 0 || entry.offset === 0) listener(epoch, entry);
              }),
          };
        },
      },
      "delivers what one instance appends to the listeners of every instance",
    ));

  it("stops every listener of a topic when one stops", () =>
    expectCaught(
      {
        log: (inner) => {
          const stops = new Map<string, (() => void)[]>();
          return {
            async listen(topic, listener) {
              const all = stops.get(topic) ?? [];
              stops.set(topic, all);
              all.push(await inner.listen(topic, listener));
              return () => {
                for (const stop of all.splice(0)) stop();
              };
            },
          };
        },
      },
      "keeps delivering to the other listeners when one stops, also when it stops twice",
    ));

  it("delivers what was under way when a listener stopped", () =>
    expectCaught(
      {
        instance: (own) => ({
          listen: (topic, listener) =>
            own.listen(topic, (epoch, entry) => {
              setImmediate(() => {
                try {
                  listener(epoch, entry);
                } catch {
                  // The kit throws on purpose.
                }
              });
            }),
        }),
      },
      "delivers nothing to a listener that has stopped, not even an append that is under way",
    ));

  it("unsubscribes late, and with it the listener that has begun since", () =>
    expectCaught(
      {
        log: (inner) => {
          const running = new Map<string, Set<() => void>>();
          return {
            async listen(topic, listener) {
              const all = running.get(topic) ?? new Set();
              const stop = await inner.listen(topic, listener);
              running.set(topic, all.add(stop));
              return () => {
                stop();
                all.delete(stop);
                const last = all.size === 0;
                setImmediate(() => {
                  if (last) for (const other of all) other();
                });
              };
            },
          };
        },
      },
      "delivers to a listener that starts just as the last one stops",
    ));

  it("fails with a listener that throws", () =>
    expectCaught(
      {
        log: fanningOut(async (deliver, append) => {
          const entry = await append();
          deliver(entry);
          return entry;
        }),
      },
      "keeps an error that a listener throws from the publisher and from the other listeners",
    ));

  it("takes topics that differ by case for one", () =>
    expectCaught(
      {
        log: (inner) => ({
          append: (topic, entry) => inner.append(topic.toLowerCase(), entry),
          listen: (topic, listener) => inner.listen(topic.toLowerCase(), listener),
          read: (topic, ...rest) => inner.read(topic.toLowerCase(), ...rest),
        }),
      },
      "delivers to each of many topics its own entries and no others, however alike the names",
    ));
});
