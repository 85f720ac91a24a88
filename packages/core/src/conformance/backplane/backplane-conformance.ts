/** Registers every case of the backplane kit with a test runner. */
import type { Runner } from "../conformance.ts";
import { freshSeed, seededRandom } from "../random.ts";
import { type BackplaneCase, reasonToSkip } from "./backplane-case.ts";
import { BackplaneContext } from "./backplane-context.ts";
import { closing } from "./closing.ts";
import { content } from "./content.ts";
import { epochs } from "./epochs.ts";
import { idempotency } from "./idempotency.ts";
import { listening } from "./listening.ts";
import { mixture } from "./mixture.ts";
import { order } from "./order.ts";
import { reading } from "./reading.ts";
import { spreading } from "./spreading.ts";
import type { MakeBackplane } from "./store.ts";

/** Every case of the kit, by subject. */
export const backplaneCases: Readonly<Record<string, readonly BackplaneCase[]>> = {
  order,
  idempotency,
  reading,
  listening,
  spreading,
  epochs,
  content,
  closing,
  mixture,
};

/** The runner of the transport kit, and the backplane's name. */
export interface BackplaneRunner extends Runner {
  /** Stands above the cases and in the lines about skips. Default: `backplane`. */
  readonly name?: string | undefined;
}

/** The conditions of one run of a case. */
export interface BackplaneRun {
  readonly name: string;
  /** The seed of everything random in the case. */
  readonly seed: number;
  /** Milliseconds to wait for a delivery that must come. Default: 5,000. */
  readonly patience?: number | undefined;
  /** Receives a line for a case that is skipped. */
  readonly print: (line: string) => void;
}

/**
 * Registers the cases that every backplane must pass, each with a store of its own from `make`.
 * The engine must be reachable and undisturbed: faults belong into the implementation's own tests.
 * The seed of random cases is printed and is part of every failure.
 */
export function backplaneConformance(make: MakeBackplane, runner: BackplaneRunner): void {
  const {
    describe,
    it,
    name = "backplane",
    seed = freshSeed(),
    print = (line) => void process.stdout.write(`${line}\n`),
  } = runner;
  describe(name, () => {
    print(`conformance of ${name}: seed ${seed}`);
    for (const [subject, list] of Object.entries(backplaneCases)) {
      describe(subject, () => {
        for (const entry of list) it(entry.name, () => runBackplaneCase(make, entry, { name, seed, print }));
      });
    }
  });
}

/** Runs one case; a failure carries the seed. */
export async function runBackplaneCase(
  make: MakeBackplane,
  entry: BackplaneCase,
  { name, seed, patience = 5_000, print }: BackplaneRun,
): Promise<void> {
  const store = await make({ instances: 2, ...entry.setup });
  const context = new BackplaneContext(store, make, seededRandom(seed), patience);
  try {
    const reason = reasonToSkip(entry, store);
    if (reason !== undefined) print(`skipped on ${name}: ${entry.name} (${reason})`);
    else await entry.run(context);
  } catch (error) {
    if (error instanceof Error) error.message += `\n(${name}, seed ${seed})`;
    throw error;
  } finally {
    await context.close();
  }
}
