/**
 * Translates the hub's messages for a stock EventSource. A notification becomes an event of its own
 * name with its data, any other message an event whose name begins with `bellwire-`. Pure: the same
 * batch at the same cursor gives the same text.
 */
import type { ErrorCode, GapReason, Position } from "@bellwire/core";
import type { Notified, ServerMessage } from "@bellwire/core/adapter";
import { eventText } from "../connection/event-text.ts";
import type { Cursor } from "./cursor.ts";

/** The text of a batch, and the cursor of the stream after it. */
export interface Translation {
  readonly text: string;
  readonly cursor: Cursor;
}

/**
 * Translates a batch for a stream at `cursor`. Messages without a meaning for a stock client give
 * no text.
 */
export function translate(batch: readonly ServerMessage[], cursor: Cursor): Translation {
  let text = "";
  let at = cursor;
  for (const message of batch) {
    const next = translateOne(message, at);
    text += next.text;
    at = next.cursor;
  }
  return { text, cursor: at };
}

function translateOne(message: ServerMessage, cursor: Cursor): Translation {
  if (message.type === "notification") return notification(message, cursor);
  if (message.type === "gap") return gap(message.topic, message.reason, message.position, cursor);
  if (message.type === "error") {
    const { code, message: words, topic } = message;
    const left = topic === undefined ? cursor : cursor.without(topic);
    return { text: errorText(code, words, topic), cursor: left };
  }
  if (message.type === "skip") {
    const position = cursor.at(message.topic);
    const moved = position && cursor.moved(message.topic, { ...position, offset: message.offset });
    return { text: "", cursor: moved ?? cursor };
  }
  if (message.type === "members" || message.type === "joined" || message.type === "left") {
    const { type, ...data } = message;
    return { text: eventText({ event: `bellwire-${type}`, data: JSON.stringify(data) }), cursor };
  }
  if (message.type === "head") {
    const at = cursor.at(message.topic);
    const { epoch, offset } = message.position;
    // The topic is ahead of this stream: the notifications in between were lost on the way.
    if (at && (at.epoch !== epoch || at.offset < offset)) {
      return gap(message.topic, "transport", message.position, cursor);
    }
  }
  return { text: "", cursor };
}

function notification(message: Notified, cursor: Cursor): Translation {
  const position = cursor.at(message.topic);
  if (!position) return { text: "", cursor };
  const { event, offset } = message;
  const data = message.json ?? JSON.stringify(message.data);
  // A volatile event has no position, so the last event id stays.
  if (offset === 0) return { text: eventText({ event, data }), cursor };
  const moved = cursor.moved(message.topic, { epoch: position.epoch, offset });
  return { text: eventText({ event, id: moved.text, data }), cursor: moved };
}

function gap(topic: string, reason: GapReason, position: Position, cursor: Cursor): Translation {
  if (!cursor.at(topic)) return { text: "", cursor };
  const moved = cursor.moved(topic, position);
  return { text: gapText(topic, reason, position, moved), cursor: moved };
}

/** The event that reports a gap in a topic. */
export function gapText(topic: string, reason: GapReason, position: Position, cursor: Cursor): string {
  return eventText({
    event: "bellwire-gap",
    id: cursor.text,
    data: JSON.stringify({ topic, reason, position }),
  });
}

/**
 * The event that confirms the subscription of every topic. Its id resumes a stream that is lost
 * before the first notification.
 */
export function readyText(cursor: Cursor): string {
  return eventText({
    event: "bellwire-ready",
    id: cursor.text,
    data: JSON.stringify({ topics: cursor.topics }),
  });
}

/**
 * The event that reports a failure: with `topic` its subscription ended, without it the stream
 * ends.
 */
export function errorText(code: ErrorCode, message: string, topic?: string): string {
  return eventText({ event: "bellwire-error", data: JSON.stringify({ code, message, topic }) });
}

/** The field that sets the milliseconds that EventSource waits before it connects again. */
export function retryText(ms: number): string {
  return `retry: ${Math.max(0, Math.round(ms))}\n\n`;
}
