/** A contender that keeps the whole generator from its work now and then. */
import type { Contender } from "../../src/contender.ts";
import { contender as control } from "../../src/contenders/raw-ws-topics.ts";
import { hostNow } from "../../src/measure/clock.ts";

/** Milliseconds. */
const STALL = 60;

export const contender: Contender = {
  ...control,
  name: "blocks the generator",
  async serve(order) {
    const half = await control.serve(order);
    let turns = 0;
    return {
      ...half,
      publish(notices) {
        half.publish(notices);
        turns += 1;
        if (turns % 20 !== 0) return;
        const end = hostNow() + STALL;
        while (hostNow() < end);
      },
    };
  },
};
