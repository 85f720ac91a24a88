/**
 * A contender that hands over one notification after the other and pauses once in each slice. A
 * client that asks again only after an answer finds one slow answer; a client that goes on asking
 * finds a queue.
 */
import type { Contender, Notice } from "../../src/contender.ts";
import { contender as control } from "../../src/contenders/raw-ws-topics.ts";

/** Milliseconds. */
const PAUSE = 800;
/**
 * Notifications before the first pause, and from one to the next: a slice has as many, and may be
 * run again.
 */
const BEFORE = 150;
const EVERY = 200;

export const contender: Contender = {
  ...control,
  name: "pauses once",
  async serve(order) {
    const half = await control.serve(order);
    const waiting: Notice[] = [];
    let published = 0;
    let pauses = false;
    return {
      ...half,
      publish(notices) {
        published += notices.length;
        const pausesBy = (count: number): number => Math.ceil((count - BEFORE) / EVERY);
        if (pausesBy(published) > Math.max(0, pausesBy(published - notices.length))) {
          pauses = true;
          setTimeout(() => {
            pauses = false;
            half.publish(waiting.splice(0));
          }, PAUSE);
        }
        if (pauses) waiting.push(...notices);
        else half.publish(notices);
      },
    };
  },
};
