/** The client half of a transport over TCP. */
import { connect } from "node:net";
import type { Capabilities, Transport } from "@bellwire/core";
import {
  type ClientMessage,
  checkOptions,
  decodeServerMessage,
  encodeClientMessage,
  type OptionRules,
  type ServerMessage,
} from "@bellwire/core/adapter";
import { FrameLink, frame, GREETING } from "./frame-link.ts";

export const TCP_CAPABILITIES = {
  history: "emulated",
  paging: "emulated",
  order: "native",
  acknowledgement: "emulated",
  clientPublish: "native",
  presence: "emulated",
  binary: "none",
  maxMessageBytes: 65_536,
} as const satisfies Capabilities;

/** The largest frame that a hub sends: a snapshot of members, or a batch's largest notification. */
const MAX_BYTES = 4_194_304;

const RULES: OptionRules = {
  port: { allowed: "a port", test: (value) => Number.isInteger(value) && Number(value) > 0 },
};

/** Makes links to a port of 127.0.0.1. Throws `invalid_option`. */
export function tcpTransport(options: { readonly port: number }): Transport<typeof TCP_CAPABILITIES> {
  checkOptions("tcpTransport", options, RULES, ["port"]);
  return {
    name: "tcp",
    capabilities: TCP_CAPABILITIES,
    connect(observer) {
      const socket = connect({ host: "127.0.0.1", port: options.port, noDelay: true });
      const link = new FrameLink<ClientMessage, ServerMessage>(
        socket,
        (batch) => Buffer.concat(batch.map((message) => frame(encodeClientMessage(message)))),
        decodeServerMessage,
        MAX_BYTES,
      );
      link.observe(observer);
      socket.on("connect", () => {
        socket.write(GREETING);
        observer.open();
      });
      return link;
    },
  };
}
