import {
  CaseContext,
  describeVerdict,
  type HubSetup,
  judge,
  memoryRig,
  type Verdict,
  type ViolationKind,
} from "@bellwire/core/conformance";
import { type Backplane, type LinkAcceptor, memoryBackplane } from "@bellwire/core/server";
import { expect } from "vitest";
import { type LyingOptions, lyingHub } from "./lying-hub.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const WINDOW = 20;

/** A mixed run: live, away inside the window and beyond it, retries, exclusion. */
async function everyday(context: CaseContext, setup: HubSetup): Promise<void> {
  await context.open(setup);
  const [a, b] = [await context.client("a"), await context.client("b")];
  await a.subscribe("news.sport");
  await b.subscribe("news.sport");
  await a.subscribe("news.weather");
  for (let n = 1; n <= 30; n++) {
    await context.publish("news.sport", { n });
    if (n % 3 === 0) await context.publish("news.weather", { n });
    if (n % 10 === 0) await a.publish("news.sport", { n: -n }, { excludeSelf: true });
  }
  await b.publish("news.sport", { n: 31 }, { id: "again" });
  await b.publish("news.sport", { n: 31 }, { id: "again" });
  await a.away();
  await context.publishRange("news.sport", 32, 45);
  await a.back();
  await context.publishRange("news.sport", 46, 48);
  await pause(10);
  await b.away();
  await context.publishRange("news.sport", 49, 90);
  await b.back();
  await pause(10);
  await context.publishRange("news.sport", 91, 95);
}

async function verdictOf(setup: HubSetup, act = everyday): Promise<Verdict> {
  const context = new CaseContext(memoryRig, { name: "directly", seed: 1, faults: false }, "delays");
  try {
    await act(context, { history: { size: WINDOW }, ...setup });
    return judge(await context.rest(400));
  } finally {
    await context.close();
  }
}

/** A hub whose messages are changed before they reach the link. */
export const lying = (options: LyingOptions): HubSetup => ({
  acceptor: (hub: LinkAcceptor) => lyingHub(hub, options),
});
/** A backplane with some of its methods replaced. */
export function broken(change: (inner: Backplane) => Partial<Backplane>): HubSetup {
  const inner = memoryBackplane({ history: { size: WINDOW } });
  return { backplane: { ...inner, ...change(inner) } };
}

export async function expectCaught(
  setup: HubSetup,
  kinds: readonly ViolationKind[],
  act = everyday,
): Promise<void> {
  const verdict = await verdictOf(setup, act);
  for (const kind of kinds)
    expect(verdict.counts[kind], `${kind}\n${describeVerdict(verdict)}`).toBeGreaterThan(0);
}

export async function expectClean(setup: HubSetup, act = everyday): Promise<Verdict> {
  const verdict = await verdictOf(setup, act);
  expect(verdict.violations, describeVerdict(verdict)).toEqual([]);
  expect(verdict.delivered).toBeGreaterThan(100);
  return verdict;
}

/** A hundred thousand notifications to one subscriber. */
export async function hundredThousand(context: CaseContext, setup: HubSetup): Promise<void> {
  await context.open({ ...setup, limits: { positionCheck: 60_000 } });
  const client = await context.client("a");
  await client.subscribe("news.sport");
  for (let n = 1; n <= 100_001; n++) await context.publish("news.sport", { n });
  await client.until(() => client.log.notifications.length >= 100_000, "all of them");
}

/** The log is lost between two connections, as when a hub in memory restarts. */
export async function restarted(context: CaseContext, setup: HubSetup): Promise<void> {
  await context.open(setup);
  const client = await context.client("a");
  await client.subscribe("news.sport");
  await context.publishRange("news.sport", 1, 120);
  await client.receives(
    "news.sport",
    Array.from({ length: 120 }, (_, index) => index + 1),
  );
  await client.away();
  await context.open(setup);
  await context.publishRange("news.sport", 121, 123);
  await client.back();
  await context.publishRange("news.sport", 124, 126);
  await pause(20);
}

/** A client loses its right while it is away. */
export async function rightLost(context: CaseContext, setup: HubSetup): Promise<void> {
  let allowed = true;
  const remember = setup.authorize !== undefined;
  await context.open({ ...setup, authorize: () => allowed || remember });
  const [a, b] = [await context.client("a"), await context.client("b")];
  await a.subscribe("private-room.x");
  await b.subscribe("news.sport");
  await context.publishRange("private-room.x", 1, 60);
  await context.publishRange("news.sport", 1, 60);
  await pause(10);
  await a.away();
  allowed = false;
  a.log.revoked("private-room.x");
  await context.publishRange("private-room.x", 61, 65);
  await a.back();
  await pause(30);
}
