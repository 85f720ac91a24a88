/** One contender on its way up: it is offered one rate after another until it breaks. */
import type { Drive, DriveResult } from "../../drive/drive.ts";
import { lateness } from "../../drive/sender.ts";
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
  /**
   * The sender fell behind though neither process was busy: the machine was at fault and not the
   * transport. The rate is offered again.
   */
  readonly disturbed: boolean;
  readonly result: DriveResult;
}

/** A process is busy, and may be the limit itself, with more than this share of a core. */
const BUSY = 0.6;

/**
 * So many disturbed offers end a climb: more than it needs steps, as beside a busy neighbour one in
 * three is.
 */
const MOST_DISTURBED = 12;

/** One climb, from the first rate to the knee. */
export class Climb {
  readonly #drive: Pick<Drive, "play">;
  readonly #plan: ClimbPlan;
  /** Notifications per second in the workload itself. */
  readonly #base: number;
  readonly steps: Step[] = [];

  constructor(drive: Pick<Drive, "play">, plan: ClimbPlan, base: number) {
    this.#drive = drive;
    this.#plan = plan;
    this.#base = base;
  }

  /** The rate to offer next; undefined: this climb is over. */
  get next(): number | undefined {
    return this.wasDisturbed ? undefined : nextRate(this.#counted, this.#plan);
  }

  /**
   * Offers a rate, with the notifications of the workload from `from` on. Resolves to the first
   * that is left.
   */
  async offer(rate: number, from: number): Promise<number> {
    const to = from + Math.ceil(rate * this.#plan.seconds);
    const before = this.steps.at(-1)?.result.report.account.lost ?? 0;
    const result = await this.#drive.play({ from, to, speed: rate / this.#base });
    const { account, latency } = result.report;
    const behind = lateness(result.health) !== undefined;
    const held =
      account.lost <= before && latency.p99 <= this.#plan.objective && !behind && result.failures === 0;
    this.steps.push({ rate, held, disturbed: behind && !isBusy(result), result });
    return to;
  }

  /** Offers that were made again. */
  get reruns(): number {
    return this.steps.length - this.#counted.length;
  }

  /** The steps that say something of the wire. */
  get #counted(): Step[] {
    return this.steps.filter(({ disturbed }) => !disturbed);
  }

  /** The step of the highest rate that held. */
  get knee(): Step | undefined {
    const rate = highestHeld(this.steps);
    return this.steps.find((step) => step.held && step.rate === rate);
  }

  /** The last attempt at the lowest rate that broke. */
  get broken(): Step | undefined {
    const rate = lowestBroken(this.#counted);
    return this.#counted.findLast((step) => step.rate === rate);
  }

  /** Whether the machine was too busy with something else to find the knee. */
  get wasDisturbed(): boolean {
    return this.reruns >= MOST_DISTURBED;
  }
}

function isBusy({ server, report }: DriveResult): boolean {
  const share = (cpu: number): number => cpu / 1_000 / report.duration;
  return share(server.cpu) >= BUSY || share(report.cpu) >= BUSY;
}
