/** One contender on its way up: it is offered one rate after another until it breaks. */
import type { Drive, DriveResult } from "../../drive/drive.ts";
import { illness } from "../../drive/sender.ts";
import { type Attempt, highestHeld, lowestBroken, nextRate, type SearchPlan } from "./search.ts";

/** How rates are offered and when one holds. */
export interface ClimbPlan extends SearchPlan {
  /** Seconds that each rate is offered. */
  readonly seconds: number;
  /** A rate holds when its p99 is at most this, milliseconds. */
  readonly objective: number;
}

/** One rate that was offered and what came of it. */
export interface Step extends Attempt {
  readonly result: DriveResult;
}

/** A process is busy, and may be the limit itself, with more than this share of a core. */
const BUSY = 0.6;

/** One climb, from the first rate to the knee. */
export class Climb {
  readonly #drive: Drive;
  readonly #plan: ClimbPlan;
  /** Notifications per second in the workload itself. */
  readonly #base: number;
  readonly steps: Step[] = [];

  constructor(drive: Drive, plan: ClimbPlan, base: number) {
    this.#drive = drive;
    this.#plan = plan;
    this.#base = base;
  }

  /** The rate to offer next; undefined: this climb is over. */
  get next(): number | undefined {
    return nextRate(this.steps, this.#plan);
  }

  /** Offers a rate, with the notifications of the workload from `from` on. Resolves to the first that is left. */
  async offer(rate: number, from: number): Promise<number> {
    const to = from + Math.ceil(rate * this.#plan.seconds);
    const before = this.steps.at(-1)?.result.report.account.lost ?? 0;
    const result = await this.#drive.play({ from, to, speed: rate / this.#base });
    const { account, latency } = result.report;
    const held =
      account.lost <= before &&
      latency.p99 <= this.#plan.objective &&
      illness(result.health) === undefined &&
      result.failures === 0;
    this.steps.push({ rate, held, result });
    return to;
  }

  /** The step of the highest rate that held. */
  get knee(): Step | undefined {
    const rate = highestHeld(this.steps);
    return this.steps.find((step) => step.held && step.rate === rate);
  }

  /** The last attempt at the lowest rate that broke. */
  get broken(): Step | undefined {
    const rate = lowestBroken(this.steps);
    return this.steps.findLast((step) => step.rate === rate);
  }

  /** Whether it ended though neither server nor clients were at their limits: then it was the machine, and no wire. */
  get wasDisturbed(): boolean {
    const { broken } = this;
    if (!broken) return false;
    const { server, report } = broken.result;
    const share = (cpu: number): number => cpu / 1_000 / report.duration;
    return share(server.cpu) < BUSY && share(report.cpu) < BUSY;
  }
}
