/** The surroundings of the parts of one run. */
import type { Random } from "../measure/random.ts";
import type { Progress } from "../report/progress.ts";
import type { Plan } from "./plan.ts";

export interface Run {
  readonly plan: Plan;
  readonly random: Random;
  readonly progress: Progress;
}
