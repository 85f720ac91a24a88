/**
 * Which rate to offer next, going by what became of those before: up until one breaks, then closer
 * from both sides. Pure.
 */

/** One rate that was offered, per second, and whether the wire kept up. */
export interface Attempt {
  readonly rate: number;
  readonly held: boolean;
}

/** Where the search begins and ends. */
export interface SearchPlan {
  /** The first rate. It is doubled while rates hold, and halved while none has. */
  readonly first: number;
  /** Below and above these nothing is offered. */
  readonly least: number;
  readonly most: number;
  /** It ends when the lowest rate that broke is at most this multiple of the highest that held. */
  readonly precision: number;
}

/**
 * So often does a rate have to break before it counts: a machine's hiccup must not be taken for a
 * limit.
 */
const BREAKS = 2;

/** The next rate; undefined: the search is over. */
export function nextRate(attempts: readonly Attempt[], plan: SearchPlan): number | undefined {
  const held = highestHeld(attempts);
  const doubtful = attempts.find(({ rate }) => rate > (held ?? 0) && breaksOf(attempts, rate) < BREAKS);
  if (doubtful) return doubtful.rate;
  const broken = lowestBroken(attempts);
  if (held === undefined && broken === undefined) return plan.first;
  if (broken === undefined) return within(plan, (held as number) * 2);
  if (held === undefined) return within(plan, broken / 2);
  return broken / held <= plan.precision ? undefined : Math.round(Math.sqrt(held * broken));
}

/** The knee: the highest rate that held. Undefined when none did. */
export function highestHeld(attempts: readonly Attempt[]): number | undefined {
  const rates = attempts.filter(({ held }) => held).map(({ rate }) => rate);
  return rates.length === 0 ? undefined : Math.max(...rates);
}

/** The lowest rate above the knee that counts as broken. */
export function lowestBroken(attempts: readonly Attempt[]): number | undefined {
  const knee = highestHeld(attempts) ?? 0;
  const rates = attempts
    .map(({ rate }) => rate)
    .filter((rate) => rate > knee && breaksOf(attempts, rate) >= BREAKS);
  return rates.length === 0 ? undefined : Math.min(...rates);
}

function breaksOf(attempts: readonly Attempt[], rate: number): number {
  return attempts.filter((attempt) => attempt.rate === rate && !attempt.held).length;
}

function within({ least, most }: SearchPlan, rate: number): number | undefined {
  return rate < least || rate > most ? undefined : rate;
}
