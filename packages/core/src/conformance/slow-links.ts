/** Links that stop taking data, at the hub's end of the seam and so on every transport. */

import type { ServerMessage } from "../protocol/messages.ts";
import type { LinkAcceptor } from "../server/acceptor.ts";

/** A hub whose links can be made to block. */
export interface SlowLinks extends LinkAcceptor {
  /** From now on links hold every batch, and count it as buffered. */
  hold(): void;
  /** Sends everything that was held, in order. */
  release(): void;
}

/** Wraps a hub for the server half of a transport. */
export function slowLinks(hub: LinkAcceptor): SlowLinks {
  let holding = false;
  const releases = new Set<() => void>();
  return {
    peers: hub.peers,
    maxMessageBytes: hub.maxMessageBytes,
    refusal: () => hub.refusal(),
    refused: (cause, transport) => hub.refused(cause, transport),
    onClose: (callback) => hub.onClose(callback),
    accept(link, handshake) {
      let held: (readonly ServerMessage[])[] = [];
      let bytes = 0;
      const release = (): void => {
        for (const batch of held) link.send(batch);
        held = [];
        bytes = 0;
      };
      releases.add(release);
      const observer = hub.accept(
        {
          get buffered() {
            return link.buffered + bytes;
          },
          send(batch) {
            if (!holding) return link.send(batch);
            held.push(batch);
            for (const message of batch) bytes += sizeOf(message);
          },
          close(cause) {
            held = [];
            link.close(cause);
          },
        },
        handshake,
      );
      return {
        open: () => observer.open(),
        message: (message, size) => observer.message(message, size),
        malformed: (reason) => observer.malformed(reason),
        close(cause) {
          releases.delete(release);
          observer.close(cause);
        },
      };
    },
    hold() {
      holding = true;
    },
    release() {
      holding = false;
      for (const release of releases) release();
    },
  };
}

function sizeOf(message: ServerMessage): number {
  return message.type === "notification"
    ? (message.json?.length ?? JSON.stringify(message.data).length) + 64
    : 64;
}
