/** A slow-down to be found: a contender whose server burns CPU in proportion to what it uses. */
import type { Contender, ServerHalf } from "../../contender.ts";

/**
 * The variable that says how much is burnt, as a share of what the server uses; a run's processes
 * inherit it.
 */
export const SLOW_DOWN = "BELLWIRE_BENCH_SLOW_DOWN";

/**
 * The contender, slower. It keeps its name: to `compare` it is the same contender in a later run.
 */
export function slowedDown(contender: Contender): Contender {
  return {
    ...contender,
    async serve(order): Promise<ServerHalf> {
      const share = Number(process.env[SLOW_DOWN]);
      if (!(share >= 0)) throw new RangeError(`${SLOW_DOWN}: must name the share of CPU to burn`);
      const half = await contender.serve(order);
      let seen = spent();
      return {
        ...half,
        // Before each tick for the one before, whose work is done by now: what is put off to the
        // end of a turn counts, too.
        publish(notices) {
          const now = spent();
          const until = now + (now - seen) * share;
          seen = now;
          while (seen < until) seen = spent();
          half.publish(notices);
        },
      };
    },
  };
}

/** CPU of this process so far, in microseconds. */
function spent(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
