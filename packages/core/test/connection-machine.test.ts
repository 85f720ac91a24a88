/** Every state of a connection × every event, and what holds whatever the order of events. */
import { type CloseCause, ERRORS, type ErrorCode } from "@bellwire/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Connection, type ConnectionEvent, step } from "../src/client/connection-machine.ts";

const options = { base: 500, cap: 20_000 };
/** Half of the bound, so that delays are 250, 500, 1,000 … 10,000. */
const random = 0.5;

const states = {
  idle: { state: "idle" },
  token: { state: "connecting", phase: "token", attempt: 2 },
  link: { state: "connecting", phase: "link", attempt: 2 },
  welcome: { state: "connecting", phase: "welcome", attempt: 2 },
  connected: { state: "connected", attempt: 2 },
  waiting: { state: "waiting", attempt: 2, cause: { code: "link_lost" }, after: 250 },
  closed: { state: "closed" },
  failed: { state: "failed", cause: { code: "forbidden" } },
} as const satisfies Record<string, Connection>;

const events = {
  connect: { type: "connect" },
  token: { type: "token" },
  open: { type: "open" },
  welcome: { type: "welcome" },
  lost: { type: "closed", cause: { code: "link_lost" } },
  "closed for later": { type: "closed", cause: { code: "draining", retryAfter: 7_000 } },
  "closed as normal": { type: "closed", cause: { code: "normal" } },
  unauthorized: { type: "closed", cause: { code: "unauthorized" } },
  forbidden: { type: "closed", cause: { code: "forbidden" } },
  late: { type: "late" },
  retry: { type: "retry" },
  wake: { type: "wake" },
  stable: { type: "stable" },
  close: { type: "close" },
  "close, saying why": { type: "close", cause: { code: "link_lost" } },
} as const satisfies Record<string, ConnectionEvent>;

type StateName = keyof typeof states;
type EventName = keyof typeof events;

const lost = { code: "link_lost" } as const;
const ask = (attempt: number, cause?: CloseCause) => [
  { state: "connecting", phase: "token", attempt, cause },
  [{ do: "ask_token" }],
];
const wait = (after: number, cause: CloseCause) => [
  { state: "waiting", attempt: 3, cause, after },
  [{ do: "retry", after }],
];
const failed = (code: ErrorCode) => [{ state: "failed", cause: { code } }, []];
const ends = {
  close: [{ state: "closed" }, [{ do: "hang_up", cause: { code: "normal" } }]],
  "close, saying why": [{ state: "closed" }, [{ do: "hang_up", cause: lost }]],
};
const cause = { code: "timeout" };
const late = [
  { state: "waiting", attempt: 3, cause, after: 1_000 },
  [
    { do: "hang_up", cause },
    { do: "retry", after: 1_000 },
  ],
];

const attempting = {
  lost: wait(1_000, lost),
  "closed for later": wait(7_000, { code: "draining", retryAfter: 7_000 }),
  "closed as normal": wait(1_000, { code: "normal" }),
  unauthorized: failed("unauthorized"),
  forbidden: failed("forbidden"),
  late,
  ...ends,
};

/** Events that are not in the table change nothing and do nothing. */
const table: Record<StateName, Partial<Record<EventName, unknown>>> = {
  idle: { connect: ask(0), ...ends },
  token: { ...attempting, token: [{ ...states.token, phase: "link" }, [{ do: "dial" }]] },
  link: { ...attempting, open: [{ ...states.link, phase: "welcome" }, [{ do: "greet" }]] },
  welcome: { ...attempting, welcome: [{ state: "connected", attempt: 2 }, []] },
  connected: {
    ...attempting,
    unauthorized: wait(1_000, { code: "unauthorized" }),
    wake: [states.connected, [{ do: "probe" }]],
    stable: [{ state: "connected", attempt: 0 }, []],
  },
  waiting: { connect: ask(2, lost), retry: ask(2, lost), wake: ask(0, lost), ...ends },
  closed: {},
  failed: {},
};

describe.each(Object.keys(states) as StateName[])("%s", (name) => {
  it.each(Object.keys(events) as EventName[])("× %s", (event) => {
    const { next, effects } = step(states[name], events[event], random, options);
    expect([next, effects]).toEqual(table[name][event] ?? [states[name], []]);
  });
});

it("stops for good at every code that is not retryable, and at no other, while it is attempting", () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const { next } = step(states.welcome, { type: "closed", cause: { code } }, random, options);
    expect([code, next.state]).toEqual([
      code,
      ERRORS[code].retryable || code === "normal" ? "waiting" : "failed",
    ]);
  }
});

const anyCause = fc.record({
  code: fc.constantFrom(...(Object.keys(ERRORS) as ErrorCode[])),
  retryAfter: fc.option(fc.nat(60_000), { nil: undefined }),
});
const anyEvent: fc.Arbitrary<ConnectionEvent> = fc.oneof(
  fc.constantFrom(...Object.values(events)),
  fc.record({ type: fc.constant("closed" as const), cause: anyCause }),
);

describe("whatever the order of events", () => {
  const run = (given: readonly ConnectionEvent[], draws: readonly number[]) => {
    let now: Connection = { state: "idle" };
    return given.map((event, index) => {
      const before = now;
      const result = step(now, event, draws[index % draws.length] ?? 0, options);
      now = result.next;
      return { before, event, ...result };
    });
  };
  const anyRun = fc.tuple(
    fc.array(anyEvent, { maxLength: 60 }),
    fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1 }),
  );

  it("never does anything after it was closed or has failed", () => {
    fc.assert(
      fc.property(anyRun, ([given, draws]) => {
        for (const { before, next, effects } of run(given, draws)) {
          if (before.state !== "closed" && before.state !== "failed") continue;
          expect([next, effects]).toEqual([before, []]);
        }
      }),
    );
  });

  it("always has a way on: it waits with a retry set, attempts, or is connected", () => {
    fc.assert(
      fc.property(anyRun, ([given, draws]) => {
        let retrySet = false;
        for (const { before, next, effects } of run(given, draws)) {
          if (next.state !== "waiting") retrySet = false;
          if (effects.some((effect) => effect.do === "retry")) retrySet = true;
          expect(next.state === "waiting").toBe(retrySet);
          if (before.state !== "idle") expect(next.state).not.toBe("idle");
        }
      }),
    );
  });

  it("waits as long as the hub asked, and otherwise at most 20 seconds", () => {
    fc.assert(
      fc.property(anyRun, ([given, draws]) => {
        for (const { event, effects } of run(given, draws)) {
          for (const effect of effects) {
            if (effect.do !== "retry") continue;
            const asked = event.type === "closed" ? event.cause.retryAfter : undefined;
            if (asked !== undefined) expect(effect.after).toBe(asked);
            else expect(effect.after).toBeLessThan(20_000);
          }
        }
      }),
    );
  });

  it("dials only with a token, greets only on an open link, and is connected only after a welcome", () => {
    fc.assert(
      fc.property(anyRun, ([given, draws]) => {
        const order = ["ask_token", "dial", "greet"];
        let reached = -1;
        for (const { event, before, next, effects } of run(given, draws)) {
          for (const effect of effects) {
            const index = order.indexOf(effect.do);
            if (index === 0) reached = 0;
            else if (index > 0) {
              expect(reached).toBe(index - 1);
              reached = index;
            }
          }
          if (next.state === "connected" && before.state !== "connected") {
            expect([event.type, reached]).toEqual(["welcome", 2]);
          }
        }
      }),
    );
  });
});
