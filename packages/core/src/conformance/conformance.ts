/** Registers every case with a test runner, in every way of running it. */

import type { Capabilities } from "../capabilities.ts";
import { createHub } from "../server/index.ts";
import { authorization } from "./cases/authorization.ts";
import type { Case } from "./cases/case.ts";
import { reasonToSkip } from "./cases/case.ts";
import { commands } from "./cases/commands.ts";
import { containment } from "./cases/containment.ts";
import { delivery } from "./cases/delivery.ts";
import { gaps } from "./cases/gaps.ts";
import { joining } from "./cases/joining.ts";
import { lifecycle } from "./cases/lifecycle.ts";
import { presence } from "./cases/presence.ts";
import { publishing } from "./cases/publishing.ts";
import { recovery } from "./cases/recovery.ts";
import { switching } from "./cases/switching.ts";
import { CaseContext } from "./context.ts";
import { kitTopics } from "./kit-topics.ts";
import { freshSeed } from "./random.ts";
import type { Rig } from "./rig.ts";
import type { EngineUnderTest, Way } from "./ways.ts";

/** Every case of the kit, by subject. */
export const cases: Readonly<Record<string, readonly Case[]>> = {
  delivery,
  recovery,
  switching,
  gaps,
  joining,
  publishing,
  commands,
  authorization,
  presence,
  containment,
  lifecycle,
};

/** The functions of a test runner that the kit uses: those of vitest, jest or `node:test`. */
export interface Runner {
  readonly describe: (name: string, register: () => void) => unknown;
  readonly it: (name: string, run: () => Promise<void>) => unknown;
  /** The seed of everything random. Default: a fresh one, which is printed. */
  readonly seed?: number | undefined;
  /** Receives the seed and one line for each skipped case. Default: standard output. */
  readonly print?: ((line: string) => void) | undefined;
  /** Makes the backplane of each case's hubs. Default: in memory. */
  readonly backplane?: EngineUnderTest | undefined;
}

/** The seed of the second way, the same on every run. */
const FIXED_SEED = 20_260_101;

/**
 * Registers every case three times: directly; through faults from a fixed seed; and through faults
 * from `runner.seed`. A transport without a port gets its faults at the seam, message by message.
 */
export function conformance(rig: Rig, runner: Runner): void {
  const {
    describe,
    it,
    seed = freshSeed(),
    print = (line) => void process.stdout.write(`${line}\n`),
    backplane,
  } = runner;
  const ways: readonly Way[] = [
    { name: "directly", seed: FIXED_SEED, faults: false, backplane },
    { name: "through faults", seed: FIXED_SEED, faults: true, backplane },
    { name: "through fresh faults", seed, faults: true },
  ];
  for (const way of ways) {
    describe(`${rig.name}, ${way.name}`, () => {
      if (way.seed !== FIXED_SEED) print(`conformance of ${rig.name}: seed ${way.seed}`);
      for (const [subject, list] of Object.entries(cases)) {
        describe(subject, () => {
          for (const [index, entry] of list.entries()) {
            it(entry.name, () => runCase(rig, entry, { ...way, seed: way.seed + index }, print));
          }
        });
      }
    });
  }
}

/** Capabilities are known only once a server half runs; a rig's cases share the answer. */
const known = new WeakMap<Rig, Capabilities>();

async function capabilitiesOf(rig: Rig): Promise<Capabilities> {
  let capabilities = known.get(rig);
  if (!capabilities) {
    const hub = createHub({ topics: kitTopics });
    const server = await rig.start(hub);
    ({ capabilities } = server.transport());
    known.set(rig, capabilities);
    await hub.close({ flush: 0 });
    await server.stop();
  }
  return capabilities;
}

/** Runs one case in one way; a failure carries the way and its seed. */
export async function runCase(rig: Rig, entry: Case, way: Way, print: (line: string) => void): Promise<void> {
  const context = new CaseContext(rig, way, entry.hardship ?? "delays");
  try {
    const reason = entry.requires && reasonToSkip(entry, await capabilitiesOf(rig));
    if (reason) print(`skipped on ${rig.name}: ${entry.name} (${reason})`);
    else await entry.run(context);
  } catch (error) {
    if (error instanceof Error) error.message += `\n(${rig.name}, ${way.name}, seed ${way.seed})`;
    throw error;
  } finally {
    await context.close();
  }
}
