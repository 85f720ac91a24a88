/** The text field on a shared text: the smallest edit, and a caret that stays where it was. */
import { expect, it } from "vitest";
import { difference, moved } from "../web/shared-text.tsx";

it.each([
  ["", "a", { start: 0, removed: 0, inserted: "a" }],
  ["abc", "abc", { start: 3, removed: 0, inserted: "" }],
  ["abc", "aXc", { start: 1, removed: 1, inserted: "X" }],
  ["aa", "aaa", { start: 2, removed: 0, inserted: "a" }],
  ["run run", "run", { start: 3, removed: 4, inserted: "" }],
])("from %j to %j is one edit", (before, after, edit) => {
  expect(difference(before, after)).toEqual(edit);
  const { start, removed, inserted } = edit;
  expect(before.slice(0, start) + inserted + before.slice(start + removed)).toBe(after);
});

it.each([
  ["something put in before it", 3, [{ insert: "ab" }], 5],
  ["something put in after it", 3, [{ retain: 5 }, { insert: "ab" }], 3],
  ["something taken out before it", 5, [{ retain: 1 }, { delete: 2 }], 3],
  ["what is around it taken out", 5, [{ retain: 3 }, { delete: 4 }], 3],
  ["both", 5, [{ delete: 2 }, { retain: 1 }, { insert: "xyz" }], 6],
])("a caret moves along with %s", (_, caret, delta, now) => {
  expect(moved(caret, delta)).toBe(now);
});
