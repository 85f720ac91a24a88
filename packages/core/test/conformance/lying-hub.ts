import type { Position } from "@bellwire/core";
import type { ClientMessage, Notified, ServerMessage } from "@bellwire/core/adapter";
import type { LinkAcceptor } from "@bellwire/core/server";

/** What a lying hub keeps of one topic of one session: its numbering differs from the true one by `shift`. */
export interface Lie {
  shift: number;
  /** Notifications of the topic that the true hub has sent to the session. */
  count: number;
  /** Where the session claimed to stand when it last subscribed, in the true numbering. */
  asked: Position | undefined;
}

export interface LyingOptions {
  /** Passes a notification on, changed, several times, or not at all; `emit` numbers it as the session must believe. */
  notification?(message: Notified, lie: Lie, emit: (message: ServerMessage) => void): void;
  /** Changes what the true hub says besides; the result is numbered as the session must believe. */
  control?(message: ServerMessage, lie: Lie): readonly ServerMessage[];
}

/**
 * A hub that lies in a way that a client cannot see: whatever it leaves out, repeats or invents, the numbers the client gets are
 * without a seam, on this link and on the next.
 */
export function lyingHub(hub: LinkAcceptor, options: LyingOptions): LinkAcceptor {
  const lies = new Map<string, Lie>();
  return {
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
