/** Says how far the run is, on stderr: one line that changes on a terminal, a line now and then elsewhere. */

/** The run's progress. */
export interface Progress {
  /** A part of the run begins that has so many steps. */
  begin(part: string, steps: number): void;
  /** The next step begins. */
  step(what: string): void;
  /** Takes the line away. */
  end(): void;
}

const WIDTH = 24;
/** Milliseconds between lines where there is no terminal. */
const SPARSE = 5_000;

/** Progress on a stream. `now` in milliseconds. */
export function progressOn(
  stream: { readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown },
  now: () => number = Date.now,
): Progress {
  let part = "";
  let steps = 1;
  let done = 0;
  let said = Number.NEGATIVE_INFINITY;
  const line = (what: string): string => {
    const share = Math.min(1, Math.max(0, done - 1) / steps);
    const filled = Math.round(share * WIDTH);
    const bar = "█".repeat(filled) + "░".repeat(WIDTH - filled);
    return `${part} ${bar} ${String(Math.round(share * 100)).padStart(3)} %  ${what}`;
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
