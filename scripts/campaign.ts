/**
 * Thousands of seeded runs of cutting and resuming, judged by the offline ledger.
 *
 *   npm run test:campaign -- --count 1000 --wire memory,ws,sse,socketio,pusher|all --seed 1
 *
 * Prints one line per wire and exits with 1 when any promise was broken, after printing the seed of
 * each failing schedule; `--seed S --count 1` with that seed runs it again alone.
 */
import { parseArgs } from "node:util";
import { freshSeed, memoryRig, type Rig } from "@bellwire/core/conformance";
import { type Outcome, runSchedule } from "./schedule.ts";

/** Schedules that run at a time: most of a schedule's time is waiting. */
const AT_A_TIME = 8;

/** Failing schedules of a wire that are described; the others are only named. */
const DETAILED = 3;

const rigs: Readonly<Record<string, () => Promise<Rig>>> = {
  memory: async () => memoryRig,
  ws: async () => (await import("@bellwire/adapter-ws/testing")).webSocketRig,
  sse: async () => (await import("@bellwire/adapter-sse/testing")).sseRig,
  socketio: async () => (await import("@bellwire/adapter-socketio/testing")).socketIoRig,
  "socketio-polling": async () => (await import("@bellwire/adapter-socketio/testing")).socketIoPollingRig,
  "socketio-upgrade": async () => (await import("@bellwire/adapter-socketio/testing")).socketIoUpgradeRig,
  pusher: async () => (await import("@bellwire/adapter-pusher/testing")).pusherRig,
};

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "100" },
    wire: { type: "string", default: "all" },
    seed: { type: "string" },
  },
});
const count = wholeNumber("count", values.count);
const seed = values.seed === undefined ? freshSeed() : wholeNumber("seed", values.seed);
const wires = values.wire === "all" ? Object.keys(rigs) : values.wire.split(",");

let failed = false;
for (const wire of wires) {
  const load = rigs[wire];
  if (!load) throw new Error(`--wire: must be all or some of ${Object.keys(rigs).join(",")}`);
  if (!(await campaign(wire, await load()))) failed = true;
}
process.exit(failed ? 1 : 0);

async function campaign(wire: string, rig: Rig): Promise<boolean> {
  const began = performance.now();
  const total = { schedules: 0, failures: 0, deliveries: 0, expected: 0, resumes: 0, gaps: 0 };
  const broken = { lost: 0, doubled: 0, outOfOrder: 0, silentGap: 0, falseGap: 0, other: 0 };
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const own = (seed + next++) >>> 0;
      const outcome = await runSchedule(rig, own);
      total.schedules += 1;
      total.resumes += outcome.resumes;
      if (outcome.verdict) add(outcome.verdict);
      if (outcome.failure === undefined) continue;
      total.failures += 1;
      console.log(`${wire}: seed ${own} broke a promise (--wire ${wire} --seed ${own} --count 1)`);
      if (total.failures <= DETAILED) console.log(outcome.failure);
    }
  };
  const add = ({ delivered, expected, gaps, counts }: NonNullable<Outcome["verdict"]>): void => {
    total.deliveries += delivered;
    total.expected += expected;
    total.gaps += gaps;
    for (const [kind, found] of Object.entries(counts)) {
      if (Object.hasOwn(broken, kind)) broken[kind as keyof typeof broken] += found;
      else broken.other += found;
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  console.log(
    `${wire}: schedules ${total.schedules}, deliveries ${total.deliveries}, resumes ${total.resumes}, gaps ${total.gaps}, ` +
      `lost ${broken.lost}, doubled ${broken.doubled}, out of order ${broken.outOfOrder}, ` +
      `silent gaps ${broken.silentGap}, false gaps ${broken.falseGap}, other ${broken.other}, ` +
      `failed schedules ${total.failures}, seed ${seed}, ${seconds} s`,
  );
  return total.failures === 0;
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${option}: must be a whole number`);
  return value;
}
