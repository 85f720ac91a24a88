/** Listeners that throw, reject, remove themselves and each other, and add more. */
import { settle } from "@bellwire/core/conformance";
import { expect, it } from "vitest";
import { Listeners } from "../src/client/listeners.ts";

function listened() {
  const failures: unknown[] = [];
  const listeners = new Listeners<number>((error) => failures.push(error));
  const heard: string[] = [];
  /** A listener that writes down what it hears, and then does something. */
  const hear = (name: string, then: (value: number) => unknown = () => {}) =>
    listeners.add((value) => {
      heard.push(`${name}${value}`);
      return then(value);
    });
  return { listeners, heard, hear, failures };
}

it("tells every listener everything, in the order in which they came", () => {
  const { listeners, heard, hear } = listened();
  hear("a");
  hear("b");
  for (const value of [1, 2]) listeners.emit(value);
  expect(heard).toEqual(["a1", "b1", "a2", "b2"]);
});

it("runs the others when one throws or rejects, and reports it", async () => {
  const { listeners, heard, hear, failures } = listened();
  const [thrown, rejected] = [new Error("thrown"), new Error("rejected")];
  hear("a", () => {
    throw thrown;
  });
  hear("b", () => Promise.reject(rejected));
  hear("c");
  listeners.emit(1);
  listeners.emit(2);
  await settle();
  expect(heard).toEqual(["a1", "b1", "c1", "a2", "b2", "c2"]);
  expect(failures).toEqual([thrown, thrown, rejected, rejected]);
});

it("lets a listener remove itself and the next ones, which then hear nothing more", () => {
  const { listeners, heard, hear } = listened();
  const removeA = hear("a", () => {
    removeA();
    removeB();
  });
  const removeB = hear("b");
  hear("c");
  listeners.emit(1);
  listeners.emit(2);
  expect(heard).toEqual(["a1", "c1", "c2"]);
});

it("lets a listener that was added during a call hear the next one", () => {
  const { listeners, heard, hear } = listened();
  let added = false;
  hear("a", () => {
    if (!added) hear("b");
    added = true;
  });
  listeners.emit(1);
  listeners.emit(2);
  expect(heard).toEqual(["a1", "a2", "b2"]);
});

it("delivers a value that a listener emits after all listeners had the one before, also when one throws", () => {
  const { listeners, heard, hear } = listened();
  hear("a", (value) => {
    if (value < 3) listeners.emit(value + 1);
    throw new Error();
  });
  hear("b");
  listeners.emit(1);
  expect(heard).toEqual(["a1", "b1", "a2", "b2", "a3", "b3"]);
});

it("calls a function once that was added twice, and not at all once it was removed", () => {
  const { listeners } = listened();
  let calls = 0;
  const listener = () => (calls += 1);
  const [remove, again] = [listeners.add(listener), listeners.add(listener)];
  listeners.emit(1);
  expect(calls).toBe(1);
  remove();
  again();
  listeners.emit(2);
  expect(calls).toBe(1);
});
