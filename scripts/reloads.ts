/**
 * Thousands of reloads at random points, over `localStorage` and over a store with promises, in one
 * tab and in three, of users and of anonymous pages, judged by a ledger.
 *
 *   npm run test:reloads -- --reloads 10000 --seed 1
 *
 * `--store text` or `--store keyed` runs one kind of store alone.
 * Prints one line per way and exits with 1 when any promise was broken, after printing the seeds of
 * the schedules that broke it; `--reloads 100 --seed S` runs one of them again in every way.
 */
import { parseArgs } from "node:util";
import { freshSeed } from "@bellwire/core/conformance";
import { runReloads } from "../packages/core/test/stored/reloads.ts";

/** Reloads of one schedule: a device, a hub and its log. */
const SCHEDULE = 100;

const { values } = parseArgs({
  options: {
    reloads: { type: "string", default: "1000" },
    store: { type: "string", default: "text,keyed" },
    seed: { type: "string" },
  },
});
const seed = values.seed === undefined ? freshSeed() : Number(values.seed);
const schedules = Math.ceil(Number(values.reloads) / SCHEDULE);
if (!Number.isSafeInteger(schedules) || !Number.isSafeInteger(seed) || schedules < 1)
  throw new Error("--reloads and --seed: must be whole numbers");

console.log(`seed ${seed}`);
for (const store of ["text", "keyed"] as const) {
  if (!values.store.split(",").includes(store)) continue;
  for (const tabs of [1, 3])
    for (const signedIn of [true, false]) {
      const began = performance.now();
      const total = { reloads: 0, published: 0, leftovers: 0, deliveries: 0, repeated: 0, broken: 0 };
      for (let at = 0; at < schedules; at++) {
        const own = (seed + at) >>> 0;
        const report = await runReloads({ seed: own, reloads: SCHEDULE, store, tabs, signedIn });
        total.reloads += report.reloads;
        total.published += report.published;
        total.leftovers += report.leftovers;
        total.deliveries += report.deliveries;
        total.repeated += report.repeated;
        total.broken += report.broken.length;
        if (report.broken.length === 0) continue;
        process.exitCode = 1;
        console.log(`  seed ${own}: ${report.broken.slice(0, 5).join("; ")}`);
      }
      const way = `${store}, ${tabs} tab${tabs > 1 ? "s" : ""}, ${signedIn ? "a user" : "anonymous"}`;
      const seconds = ((performance.now() - began) / 1_000).toFixed(0);
      console.log(
        `${way}: ${total.reloads} reloads, ${total.published} publishes, ${total.leftovers} left over, ` +
          `${total.deliveries} deliveries, ${total.repeated} repeated, ${total.broken} broken, ${seconds} s`,
      );
    }
}
