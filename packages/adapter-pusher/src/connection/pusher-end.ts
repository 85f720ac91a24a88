/** The server's end of one WebSocket in Pusher's protocol. */
import type { CloseCause } from "@bellwire/core";
import { WebSocketEnd } from "@bellwire/core/http";
import { pusherClose } from "./close-number.ts";

/**
 * Bytes that may wait of messages that do not come from the hub. The hub has bounds of its own for
 * its messages.
 */
const WAITING = 1_048_576;

export class PusherEnd extends WebSocketEnd {
  /** Writes frames that do not come from the hub. A peer that does not read them is given up. */
  say(frames: Buffer): void {
    if (this.buffered > WAITING) this.closeFor({ code: "slow_consumer" });
    else this.write(frames);
  }

  /** Closes with Pusher's number for a cause. */
  closeFor(cause: CloseCause): void {
    const { number, reason } = pusherClose(cause);
    this.close(cause, number, reason);
  }
}
