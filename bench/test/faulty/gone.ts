/** A contender that promises to recover, and whose clients never come back after a loss. */
import type { Contender } from "../../src/contender.ts";
import { contender as control } from "../../src/contenders/raw-ws-topics.ts";

export const contender: Contender = {
  ...control,
  name: "never back",
  recovers: true,
  comesBackWithin: 2_000,
  connect: (order) => control.connect({ ...order, comesBack: false, troubled: () => {} }),
};
