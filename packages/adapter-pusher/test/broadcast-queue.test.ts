import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BroadcastEvent, BroadcastQueue, failureOf } from "../src/hosted/server/broadcast-queue.ts";

function event(channel: string, data = "{}", extra: Partial<BroadcastEvent> = {}): BroadcastEvent {
  return { channel, name: "said", data, volatile: false, at: 0, ...extra };
}

function filled(...events: readonly BroadcastEvent[]): BroadcastQueue {
  const queue = new BroadcastQueue();
  for (const one of events) expect(queue.add(one)).toEqual([]);
  return queue;
}

/** The next batch, which must be there. */
function next(queue: BroadcastQueue, now = 0): readonly BroadcastEvent[] {
  const batch = queue.next(now);
  if (!batch) throw new Error("nothing is due");
  return batch;
}

describe("the queue of events for Pusher", () => {
  it("sends at most ten events in a batch, in order", () => {
    const events = Array.from({ length: 12 }, (_, index) => event("a", `${index}`));
    const queue = filled(...events);
    expect(next(queue)).toEqual(events.slice(0, 10));
  });

  it("holds back a channel while a request for it is under way, and sends other channels meanwhile", () => {
    const queue = filled(...Array.from({ length: 11 }, (_, index) => event("a", `${index}`)), event("b"));
    const first = next(queue);
    expect(next(queue)).toEqual([event("b")]);
    expect(queue.next(0)).toBe(undefined);
    queue.taken(first);
    expect(next(queue)).toEqual([event("a", "10")]);
    expect(queue.empty).toBe(false);
  });

  it("has at most four requests under way", () => {
    const queue = filled(
      ...["a", "b", "c", "d", "e"].flatMap((name) => Array.from({ length: 10 }, () => event(name))),
    );
    for (let lane = 0; lane < 4; lane++) next(queue);
    expect(queue.next(0)).toBe(undefined);
  });

  it("sends the same events again after a failure and a random pause, before later ones", () => {
    const queue = filled(event("a", "1"));
    expect(queue.failed(next(queue), "later", 1_000, 0.5)).toEqual([]);
    queue.add(event("a", "2"));
    expect(queue.resumeAt).toBe(1_250);
    expect(queue.next(1_249)).toBe(undefined);
    const again = next(queue, 1_250);
    expect(again.map(({ data }) => data)).toEqual(["1", "2"]);
    queue.failed(again, "later", 2_000, 0.5);
    expect(queue.resumeAt).toBe(2_500);
    queue.taken(next(queue, 2_500));
    expect(queue.resumeAt).toBe(0);
  });

  it("pauses for at most 20 seconds, however many requests failed", () => {
    const queue = filled(event("a"));
    let now = 0;
    for (let failure = 0; failure < 12; failure++) {
      queue.failed(next(queue, now), "later", now, 1);
      expect(queue.resumeAt - now).toBe(Math.min(20_000, 500 * 2 ** failure));
      now = queue.resumeAt;
    }
  });

  it("counts requests that fail together as one failure", () => {
    const queue = filled(...Array.from({ length: 20 }, (_, index) => event(index < 10 ? "a" : "b")));
    const [one, other] = [next(queue), next(queue)];
    queue.failed(one, "later", 0, 1);
    queue.failed(other, "later", 1, 1);
    expect(queue.resumeAt).toBe(500);
  });

  it("drops volatile events at the first failure, and all others after 30 seconds", () => {
    const typing = event("a", "typing", { volatile: true });
    const queue = filled(typing, event("a", "said"));
    expect(queue.failed(next(queue), "later", 0, 0)).toEqual([typing]);
    expect(queue.expire(29_999)).toEqual([]);
    expect(queue.expire(30_000)).toEqual([event("a", "said")]);
    expect(queue.empty).toBe(true);
  });

  it("sends the events of a refused batch one by one, and drops the one that is refused again", () => {
    const queue = filled(event("a", "1"), event("b", "2"), event("a", "3"));
    expect(queue.failed(next(queue), "refused", 0, 0)).toEqual([]);
    const [first, second] = [next(queue), next(queue)];
    expect([first, second].map((batch) => batch.map(({ data }) => data))).toEqual([["1"], ["2"]]);
    expect(queue.failed(first, "refused", 0, 0)).toEqual(first);
    queue.taken(second);
    expect(next(queue).map(({ data }) => data)).toEqual(["3"]);
  });

  it("holds at most 10,000 events and 8 MiB, and drops the oldest", () => {
    const queue = new BroadcastQueue();
    for (let n = 0; n < 10_000; n++) queue.add(event("a", `${n}`));
    expect(queue.add(event("a", "one more")).map(({ data }) => data)).toEqual(["0"]);
    const large = "x".repeat(10_000);
    const full = new BroadcastQueue();
    let gone = 0;
    for (let n = 0; n < 900; n++) gone += full.add(event("a", large)).length;
    expect(gone).toBe(900 - Math.floor(8_388_608 / large.length));
  });

  it("distinguishes statuses that concern the batch from all others", () => {
    expect([400, 413].map(failureOf)).toEqual(["refused", "refused"]);
    expect([undefined, 401, 403, 404, 429, 500, 503].map(failureOf)).toEqual(
      Array.from({ length: 7 }, () => "later"),
    );
  });

  it("sends every event of a channel once and in order, whatever fails in between", () => {
    const outcome = fc.constantFrom("taken", "later", "refused");
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 60 }),
        fc.array(outcome, { maxLength: 60 }),
        (channels, outcomes) => {
          const queue = new BroadcastQueue();
          const sent: BroadcastEvent[] = [];
          const given: BroadcastEvent[] = [];
          const under: (readonly BroadcastEvent[])[] = [];
          for (const [n, channel] of channels.entries()) queue.add(event(channel, `${n}`));
          let now = 0;
          for (let step = 0; !queue.empty && step < 1_000; step++) {
            now += 25_000;
            for (let batch = queue.next(now); batch; batch = queue.next(now)) under.push(batch);
            const batch = under.splice(step % under.length, 1)[0] ?? [];
            expect(batch.length).toBeLessThanOrEqual(10);
            const result = outcomes[step] ?? "taken";
            if (result === "taken") {
              queue.taken(batch);
              sent.push(...batch);
            } else given.push(...queue.failed(batch, result, now, 0.5));
          }
          const gone = new Set(given.map(({ data }) => data));
          for (const name of ["a", "b", "c"]) {
            const wanted = channels.flatMap((channel, n) =>
              channel === name && !gone.has(`${n}`) ? `${n}` : [],
            );
            expect(sent.filter(({ channel }) => channel === name).map(({ data }) => data)).toEqual(wanted);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
