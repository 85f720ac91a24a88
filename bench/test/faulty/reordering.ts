/** A contender of which every client once swaps two notifications of the same topic. */
import type { Contender } from "../../src/contender.ts";
import { contender as control } from "../../src/contenders/raw-ws-topics.ts";

export const contender: Contender = {
  ...control,
  name: "two swapped",
  connect(order) {
    let held: { readonly topic: string; readonly data: unknown } | undefined;
    let swapped = false;
    return control.connect({
      ...order,
      received(topic, data) {
        if (!swapped && !held) {
          held = { topic, data };
          return;
        }
        order.received(topic, data);
        if (held?.topic === topic) {
          order.received(held.topic, held.data);
          held = undefined;
          swapped = true;
        }
      },
    });
  },
};
