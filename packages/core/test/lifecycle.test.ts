/** When a channel looks after its link: events of a page, and clocks that jump. */
import { VirtualClock } from "@bellwire/core/conformance";
import { expect, it } from "vitest";
import { watchLifecycle } from "../src/client/lifecycle.ts";

/** A browser's global object, with events that a test fires. */
class Page extends EventTarget {
  readonly document = Object.assign(new EventTarget(), { visibilityState: "hidden" });
}

function watched(page: object = new Page()) {
  const clock = new VirtualClock();
  let wakes = 0;
  const stop = watchLifecycle(clock, () => (wakes += 1), page);
  return {
    clock,
    stop,
    /** How often it was woken since it was asked last. */
    wakes: (): number => {
      const count = wakes;
      wakes = 0;
      return count;
    },
  };
}

it.each(["online", "pageshow"])("wakes at once when the page fires %s", (type) => {
  const page = new Page();
  const { wakes } = watched(page);
  page.dispatchEvent(new Event(type));
  expect(wakes()).toBe(1);
  page.dispatchEvent(new Event("offline"));
  page.dispatchEvent(new Event("pagehide"));
  expect(wakes()).toBe(0);
});

it("wakes when the page becomes visible, and not when it is hidden", () => {
  const page = new Page();
  const { wakes } = watched(page);
  page.document.dispatchEvent(new Event("visibilitychange"));
  expect(wakes()).toBe(0);
  page.document.visibilityState = "visible";
  page.document.dispatchEvent(new Event("visibilitychange"));
  expect(wakes()).toBe(1);
});

it("wakes when more time has passed than its timers counted: the machine was asleep", async () => {
  const { clock, wakes } = watched();
  await clock.advance(60_000);
  expect(wakes()).toBe(0);
  clock.jumpWall(8 * 3_600_000);
  await clock.advance(5_000);
  expect(wakes()).toBe(1);
  await clock.advance(60_000);
  expect(wakes()).toBe(0);
});

it("takes a timer that is a few seconds late for a busy machine, and a clock set back for nothing", async () => {
  const { clock, wakes } = watched();
  clock.jumpWall(9_000);
  await clock.advance(5_000);
  clock.jumpWall(-2 * 3_600_000);
  await clock.advance(60_000);
  expect(wakes()).toBe(0);
});

it("reports nothing once it is stopped, and leaves no timer", async () => {
  const page = new Page();
  page.document.visibilityState = "visible";
  const { clock, stop, wakes } = watched(page);
  await clock.advance(12_000);
  stop();
  clock.jumpWall(8 * 3_600_000);
  await clock.advance(60_000);
  for (const type of ["online", "pageshow"]) page.dispatchEvent(new Event(type));
  page.document.dispatchEvent(new Event("visibilitychange"));
  expect(wakes()).toBe(0);
  expect(clock.pending).toBe(0);
});

it.each([
  ["no events", {}],
  ["no document, as in a worker", new EventTarget()],
  ["a document without events", { document: {} }],
])("needs no more than a clock where there are %s", async (_, page) => {
  const { clock, stop, wakes } = watched(page);
  clock.jumpWall(3_600_000);
  await clock.advance(5_000);
  expect(wakes()).toBe(1);
  stop();
  expect(clock.pending).toBe(0);
});
