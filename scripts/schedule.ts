/**
 * One schedule of the campaign: what a seed makes happen to a hub and its clients, and what the
 * ledger says of it.
 */
import {
  CaseContext,
  type Client,
  describeVerdict,
  type HubSetup,
  judge,
  type Random,
  type Rig,
  type Verdict,
} from "@bellwire/core/conformance";

/** The result of one schedule. */
export interface Outcome {
  /** Absent when the schedule did not come to its end. */
  readonly verdict: Verdict | undefined;
  /** How often a channel came back from a lost link. */
  readonly resumes: number;
  /** The failure in words; undefined when there was none. */
  readonly failure: string | undefined;
}

const TOPICS = ["news.sport", "news.weather", "news.stars"] as const;
/** History that holds a whole schedule; no gap is honest then. */
const ENOUGH = 1_000;
/**
 * Milliseconds for a schedule's clients to catch up at the end: byte by byte, on a busy machine, a
 * long poll takes its time.
 */
const REST = 30_000;

/** Milliseconds for a client to be back: a channel gives up an attempt that hangs after 15 s. */
const BACK = 30_000;

/** Runs the schedule of a seed. Never rejects. */
export async function runSchedule(rig: Rig, seed: number): Promise<Outcome> {
  const context = new CaseContext(rig, { name: "campaign", seed, faults: true }, "cuts");
  try {
    await disturb(context);
    const verdict = judge(await context.rest(REST));
    const failure = verdict.violations.length > 0 ? describe(context, describeVerdict(verdict)) : undefined;
    return { verdict, resumes: resumesOf(context), failure };
  } catch (error) {
    return { verdict: undefined, resumes: resumesOf(context), failure: describe(context, String(error)) };
  } finally {
    await context.close();
  }
}

async function disturb(context: CaseContext): Promise<void> {
  const { random } = context;
  const evicting = random.chance(0.4);
  const setup = {
    history: { size: evicting ? 5 + random.int(25) : ENOUGH },
    limits: { recovery: random.chance(0.1) ? 10 + random.int(20) : 300 },
  };
  await context.open(setup);
  const clients: Client[] = [];
  for (let index = 1 + random.int(3); index > 0; index--)
    clients.push(await context.client(`client-${index}`));
  const topics = TOPICS.slice(0, 1 + random.int(TOPICS.length));
  for (const client of clients) {
    for (const topic of topics) if (random.chance(0.8)) client.follow(topic);
  }
  // Mostly everyone is there before the first word; sometimes they come while it is said.
  if (random.chance(0.8)) await everyoneIsThere(clients);
  const published: Promise<unknown>[] = [];
  const count = 30 + random.int(121);
  for (let n = 1; n <= count; n++) {
    const topic = random.pick(topics);
    const data = { n, text: "é".repeat(random.int(random.chance(0.03) ? 3_000 : 120)) };
    // A client's publish may wait for its link; what matters to the ledger is how it ends.
    if (random.chance(0.2)) {
      const receipt = random.pick(clients).publish(topic, data, { excludeSelf: random.chance(0.2) });
      // It is awaited at the end, unless the schedule fails before.
      receipt.catch(() => {});
      published.push(receipt);
    } else await context.publish(topic, data);
    if (random.chance(0.25)) await pause(random.int(6));
    if (random.chance(0.06)) await mishap(random, random.pick(clients));
    if (random.chance(0.004)) await replaceHub(context, { ...setup, backplane: context.backplane });
    if (random.chance(0.002)) await replaceHub(context, setup);
  }
  for (const client of clients) await calm(client);
  await Promise.all(published);
}

async function everyoneIsThere(clients: readonly Client[]): Promise<void> {
  for (const { log } of clients) for (const subscription of log.following) await subscription.ready();
}

/**
 * The hub's process dies, and another takes its place: with the log where there is a backplane,
 * without it otherwise.
 */
async function replaceHub(context: CaseContext, setup: HubSetup): Promise<void> {
  await context.stopServer();
  await context.open(setup);
}

/** Something that goes wrong with one client's connection. */
async function mishap(random: Random, client: Client): Promise<void> {
  const { proxy } = client;
  const kind = random.int(proxy ? 5 : 3);
  if (kind === 0) client.cut();
  else if (kind === 1) {
    client.transport.refuse(true);
    proxy?.refuse(true);
    client.cut();
  } else if (kind === 2) {
    client.transport.refuse(false);
    proxy?.refuse(false);
  } else if (proxy && kind === 3) {
    proxy.freeze();
    await pause(random.int(20));
    if (random.chance(0.5)) proxy.cutAll(random.pick(["cut", "reset"]));
    proxy.heal();
  } else if (proxy) {
    // Frozen while publishing goes on, as on a train.
    proxy.freeze();
    setTimeout(() => proxy.heal(), random.int(60));
  }
}

/** Lets a client be, from now on. */
async function calm(client: Client): Promise<void> {
  client.rules.length = 0;
  client.proxy?.heal();
  client.channel.connect();
  await client.back(BACK);
}

function resumesOf({ clients }: CaseContext): number {
  let resumes = 0;
  for (const { states } of clients)
    resumes += Math.max(0, states.filter((state) => state === "connected").length - 1);
  return resumes;
}

function describe(context: CaseContext, what: string): string {
  return [what, ...context.hubErrors.map(String), ...context.clients.map((client) => client.describe())].join(
    "\n",
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
