import { VirtualClock } from "@bellwire/core/conformance";
import { expect, it } from "vitest";

it("fires due timers in the order of their time, and those set at once in the order they were set", async () => {
  const clock = new VirtualClock();
  const fired: string[] = [];
  clock.after(20, () => fired.push("late"));
  clock.after(10, () => fired.push("early"));
  clock.after(10, () => fired.push("early too"));
  await clock.advance(15);
  expect(fired).toEqual(["early", "early too"]);
  await clock.advance(5);
  expect(fired).toEqual(["early", "early too", "late"]);
});

it("fires a timer that a promise after another timer has set", async () => {
  const clock = new VirtualClock();
  const fired: number[] = [];
  clock.after(10, () => {
    void Promise.resolve().then(() => clock.after(10, () => fired.push(clock.now())));
  });
  await clock.advance(100);
  expect(fired).toEqual([20]);
  expect(clock.now()).toBe(100);
});

it("does not fire what was cancelled, and counts what is pending", async () => {
  const clock = new VirtualClock();
  const cancel = clock.after(10, () => expect.unreachable());
  expect(clock.pending).toBe(1);
  cancel();
  await clock.advance(20);
  expect(clock.pending).toBe(0);
});

it("moves only the wall clock when the wall jumps", async () => {
  const clock = new VirtualClock(1_000);
  clock.jumpWall(-7_200_000);
  expect([clock.now(), clock.wall()]).toEqual([0, 1_000 - 7_200_000]);
  await clock.advance(5);
  expect([clock.now(), clock.wall()]).toEqual([5, 1_005 - 7_200_000]);
});
