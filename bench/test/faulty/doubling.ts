/** A contender that delivers one notification in a hundred twice. */
import type { Contender } from "../../src/contender.ts";
import { contender as control } from "../../src/contenders/raw-ws-topics.ts";

let deliveries = 0;

export const contender: Contender = {
  ...control,
  name: "one in 100 doubled",
  connect: (order) =>
    control.connect({
      ...order,
      received(topic, data) {
        order.received(topic, data);
        deliveries += 1;
        if (deliveries % 100 === 50) order.received(topic, data);
      },
    }),
};
