/** The demonstration as the server is started with it: seeded, simulated, and open to visitors. */
import type { Running, StartOptions } from "../start.ts";
import { makeVisitor, seedDemo, visitors } from "./seed.ts";
import { type Simulation, simulate } from "./simulate.ts";

export interface Demo {
  /** Give it to `startTracker`. */
  readonly seed: NonNullable<StartOptions["seed"]>;
  /** Lets the simulated people in, who go on with the visitors of earlier runs. */
  begin(running: Running, failed: (error: unknown) => void): void;
  /** Before the server is closed. */
  end(): void;
}

/** Accounts for who wants to be somebody in particular. */
const SEAT = { trainer: "kim", admin: "ruth" } as const;

export function createDemo(): Demo {
  let simulation: Simulation | undefined;
  let known: readonly string[] = [];
  return {
    async seed({ database, accounts }) {
      await seedDemo(database, accounts);
      known = await visitors(database);
      return async (as) => {
        if (as !== "member") return SEAT[as];
        const id = await makeVisitor(database, accounts);
        simulation?.coach(id, true);
        return id;
      };
    },
    begin(running, failed) {
      simulation = simulate(running, failed);
      for (const id of known) simulation.coach(id, false);
    },
    end() {
      simulation?.stop();
    },
  };
}
