/**
 * A contender whose clients take their time to come back, and then lose nothing: their backoff is
 * long, and said to be.
 */
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import type { Contender } from "../../src/contender.ts";
import { connectChannel } from "../../src/contenders/app-client.ts";
import { contender as control } from "../../src/contenders/bellwire-ws.ts";

/** Milliseconds. Publishing is over for 5 s when they are back. */
const BACKOFF = 9_000;

export const contender: Contender = {
  ...control,
  name: "back after 9 s",
  connect: (order) =>
    connectChannel(webSocketTransport({ url: `ws://127.0.0.1:${order.port}/bellwire` }), order, {
      backoff: { base: BACKOFF, cap: BACKOFF },
      random: () => 0.999,
    }),
};
