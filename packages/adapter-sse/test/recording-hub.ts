/** A hub that records the calls of an adapter. */
import type { CloseCause } from "@bellwire/core";
import type { ClientMessage, Handshake, Link, LinkAcceptor, ServerMessage } from "@bellwire/core/adapter";

export interface RecordedLink {
  readonly link: Link<ServerMessage>;
  readonly handshake: Handshake;
  readonly messages: ClientMessage[];
  readonly malformed: string[];
  readonly calls: string[];
  cause?: CloseCause;
}

export interface RecordingHub extends LinkAcceptor {
  readonly links: RecordedLink[];
  /** The answer of `refusal`. */
  refusing: CloseCause | undefined;
  /** The causes that the adapter reported by `refused`. */
  readonly refusals: CloseCause[];
  /** The callbacks that `onClose` registered. */
  closing: (() => void)[];
  onMessage?: (recorded: RecordedLink, message: ClientMessage) => void;
}

export function recordingHub(maxMessageBytes = 65_536): RecordingHub {
  const hub: RecordingHub = {
    links: [],
    refusing: undefined,
    refusals: [],
    closing: [],
    maxMessageBytes,
    refusal: () => hub.refusing,
    refused: (cause) => void hub.refusals.push(cause),
    onClose: (callback) => void hub.closing.push(callback),
    accept(link, handshake) {
      const recorded: RecordedLink = { link, handshake, messages: [], malformed: [], calls: [] };
      hub.links.push(recorded);
      return {
        open: () => void recorded.calls.push("open"),
        message(message) {
          recorded.calls.push("message");
          recorded.messages.push(message);
          hub.onMessage?.(recorded, message);
        },
        malformed(reason) {
          recorded.calls.push("malformed");
          recorded.malformed.push(reason);
        },
        close(cause) {
          recorded.calls.push("close");
          recorded.cause = cause;
        },
      };
    },
  };
  return hub;
}
