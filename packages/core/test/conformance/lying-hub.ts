import type { Position } from "@bellwire/core";
import type { ClientMessage, Notified, ServerMessage } from "@bellwire/core/adapter";
import type { LinkAcceptor } from "@bellwire/core/server";

/** The state of one topic and session: the numbering that is sent is the true one plus `shift`. */
export interface Lie {
  shift: number;
  /** Notifications of the topic that the true hub has sent to the session. */
  count: number;
  /** The position in the session's latest subscribe, in the true numbering. */
  asked: Position | undefined;
}

export interface LyingOptions {
  /** Passes a notification on, changed, several times or not at all; `emit` adds the shift. */
  notification?(message: Notified, lie: Lie, emit: (message: ServerMessage) => void): void;
  /** Replaces any other message of the true hub; the shift is added to the result. */
  control?(message: ServerMessage, lie: Lie): readonly ServerMessage[];
}

/**
 * A hub that lies in a way that a client cannot detect: it may omit, repeat or invent
 * notifications, and the client's offsets are contiguous, on this link and on the next.
 */
export function lyingHub(hub: LinkAcceptor, options: LyingOptions): LinkAcceptor {
  const lies = new Map<string, Lie>();
  return {
    peers: hub.peers,
    maxMessageBytes: hub.maxMessageBytes,
    refusal: () => hub.refusal(),
    refused: (cause, transport) => hub.refused(cause, transport),
    onClose: (callback) => hub.onClose(callback),
    accept(link, handshake) {
      let session = "";
      const lieOf = (topic: string): Lie => {
        const key = `${session} ${topic}`;
        const lie = lies.get(key) ?? { shift: 0, count: 0, asked: undefined };
        lies.set(key, lie);
        return lie;
      };
      const send = (message: ServerMessage): void => {
        if (!("topic" in message) || message.topic === undefined) return link.send([message]);
        const lie = lieOf(message.topic);
        const emit = (said: ServerMessage): void => link.send([shifted(said, lie.shift)]);
        if (message.type === "notification" && message.offset > 0) {
          lie.count += 1;
          if (options.notification) options.notification(message, lie, emit);
          else emit(message);
        } else for (const said of options.control?.(message, lie) ?? [message]) emit(said);
      };
      const observer = hub.accept(
        {
          get buffered() {
            return link.buffered;
          },
          send(batch) {
            for (const message of batch) send(message);
          },
          close: (cause) => link.close(cause),
        },
        handshake,
      );
      const truthful = (message: ClientMessage): ClientMessage => {
        if (message.type === "hello") session = message.session;
        if (message.type !== "subscribe") return message;
        const lie = lieOf(message.topic);
        const { position } = message;
        lie.asked = position && { ...position, offset: position.offset - lie.shift };
        return lie.asked ? { ...message, position: lie.asked } : message;
      };
      return {
        open: () => observer.open(),
        message: (message, bytes) => observer.message(truthful(message), bytes),
        malformed: (reason) => observer.malformed(reason),
        close: (cause) => observer.close(cause),
      };
    },
  };
}

function shifted(message: ServerMessage, by: number): ServerMessage {
  if (message.type === "notification" || message.type === "skip") {
    return message.offset === 0 ? message : { ...message, offset: message.offset + by };
  }
  if (message.type === "subscribed" || message.type === "gap" || message.type === "head") {
    return { ...message, position: { ...message.position, offset: message.position.offset + by } };
  }
  return message;
}
