/** The server half of a transport over TCP. */
import type { Server, Socket } from "node:net";
import {
  type ClientMessage,
  closeFrame,
  decodeClientMessage,
  encodeOnce,
  encodeServerMessage,
  type LinkAcceptor,
  type ServerMessage,
} from "@bellwire/core/adapter";
import { FrameLink, frame } from "./frame-link.ts";

/** Links that are due the same messages get the same array, which is encoded once. */
const encode = encodeOnce((batch: readonly ServerMessage[]) =>
  Buffer.concat(batch.map((message) => frame(encodeServerMessage(message)))),
);

/** Milliseconds in which a connection must send its first bytes. */
const FIRST_BYTES = 10_000;

/** Serves a hub on a TCP server. Returns a function that detaches it; open links stay open. */
export function attachTcp(hub: LinkAcceptor, server: Server): () => void {
  const take = (socket: Socket): void => {
    socket.on("error", () => {});
    socket.setNoDelay();
    // A connection is a link from its greeting on: before that, nobody may be at its other end.
    socket.setTimeout(FIRST_BYTES, () => socket.destroy());
    socket.once("readable", () => {
      socket.setTimeout(0);
      open(hub, socket);
    });
  };
  server.on("connection", take);
  return () => void server.off("connection", take);
}

function open(hub: LinkAcceptor, socket: Socket): void {
  const refusal = hub.refusal();
  if (refusal) {
    const { number, reason } = closeFrame(refusal);
    socket.end(frame(`${number} ${reason}`));
    return;
  }
  const link = new FrameLink<ServerMessage, ClientMessage>(
    socket,
    encode,
    decodeClientMessage,
    hub.maxMessageBytes,
  );
  const { remoteAddress } = socket;
  const observer = hub.accept(link, { transport: "tcp", headers: {}, remoteAddress });
  observer.open();
  link.observe(observer);
}
