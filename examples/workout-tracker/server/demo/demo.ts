/** The demonstration as the server is started with it: seeded, simulated, and open to visitors. */
import type { Running, StartOptions } from "../start.ts";
import { makeVisitor, seedDemo } from "./seed.ts";
import { type Simulation, simulate } from "./simulate.ts";

export interface Demo {
  /** Give it to `startTracker`. */
  readonly seed: NonNullable<StartOptions["seed"]>;
  /** Lets the simulated people in. */
  begin(running: Running, failed: (error: unknown) => void): void;
  /** Before the server is closed. */
  end(): void;
}

/** Accounts for who wants to be somebody in particular. */
const SEAT = { trainer: "kim", admin: "ruth" } as const;

export function createDemo(): Demo {
  let simulation: Simulation | undefined;
  return {
    async seed({ database, accounts }) {
      await seedDemo(database, accounts);
      return async (as) => {
        if (as !== "member") return SEAT[as];
        const id = await makeVisitor(database, accounts);
        simulation?.greet(id);
        return id;
      };
    },
    begin(running, failed) {
      simulation = simulate(running, failed);
    },
    end() {
      simulation?.stop();
    },
  };
}
