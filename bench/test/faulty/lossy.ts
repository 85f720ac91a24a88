/** Somebody's contender that loses one delivery in 10,000: the benchmark must notice. */
import type { Contender } from "../../src/contender.ts";
import { contender as control } from "../../src/contenders/raw-ws-topics.ts";

/** Deliveries of the whole client process so far. */
let deliveries = 0;

export const contender: Contender = {
  ...control,
  name: "one in 10,000 lost",
  connect: (order) =>
    control.connect({
      ...order,
      received(topic, data) {
        deliveries += 1;
        if (deliveries % 10_000 !== 5_000) order.received(topic, data);
      },
    }),
};
