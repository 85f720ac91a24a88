/**
 * Says how far the run is and what is left, on stderr: one line that changes on a terminal, a line
 * now and then elsewhere.
 */

/** The run's progress. */
export interface Progress {
  /** A part of the run begins that has so many steps. */
  begin(part: string, steps: number): void;
  /** The next step begins. */
  step(what: string): void;
  /** Takes the line away. */
  end(): void;
}

/** A part of the run that is to come, and about how long it takes. */
export interface PlannedPart {
  readonly name: string;
  readonly seconds: number;
}

/** Where the line goes. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const WIDTH = 24;
/** Milliseconds between lines where there is no terminal. */
const SPARSE = 5_000;
/** So many seconds as planned are believed before the run's own pace counts for as much. */
const BELIEF = 10;

/** Progress over all parts, which run in the order of the plan. `now` in milliseconds. */
export function progressOn(
  stream: ProgressStream,
  plan: readonly PlannedPart[],
  now: () => number = Date.now,
): Progress {
  const total = plan.reduce((sum, { seconds }) => sum + seconds, 0);
  const started = now();
  let part = "";
  let steps = 1;
  let done = 0;
  let said = Number.NEGATIVE_INFINITY;

  /** Planned seconds that are over. */
  const over = (): number => {
    const place = plan.findIndex(({ name }) => name === part);
    const before = plan.slice(0, Math.max(0, place)).reduce((sum, { seconds }) => sum + seconds, 0);
    return before + (plan[place]?.seconds ?? 0) * Math.min(1, Math.max(0, done - 1) / steps);
  };
  const line = (what: string): string => {
    const share = total === 0 ? 0 : over() / total;
    const filled = Math.round(share * WIDTH);
    const bar = "█".repeat(filled) + "░".repeat(WIDTH - filled);
    const pace = ((now() - started) / 1_000 + BELIEF) / (over() + BELIEF);
    const left = durationText((total - over()) * pace);
    return `${bar} ${String(Math.round(share * 100)).padStart(3)} %  ${left} left  ${part}: ${what}`;
  };
  return {
    begin(name, count) {
      part = name;
      steps = count;
      done = 0;
    },
    step(what) {
      done += 1;
      if (stream.isTTY) {
        stream.write(`\r\u001b[2K${line(what).slice(0, (stream.columns ?? 80) - 1)}`);
      } else if (now() - said >= SPARSE) {
        said = now();
        stream.write(`${line(what)}\n`);
      }
    },
    end() {
      if (stream.isTTY) stream.write("\r\u001b[2K");
    },
  };
}

/** Minutes and seconds: `1:40`. */
function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
