/**
 * Translates Pusher's events and the answers of the routes into events of the machine of a topic.
 * Pure.
 */
import type { CloseCause } from "@bellwire/core";
import {
  type Failed,
  isErrorCode,
  type Notified,
  type ServerMessage,
  type Skip,
  type Subscribed,
} from "@bellwire/core/adapter";
import { splitMetadata } from "../metadata.ts";
import { NO_EPOCH, STORED_EVENT } from "../routes.ts";
import type { Refusal, TopicEvent } from "./topic-state.ts";

const LEFT_OUT: Refusal = { code: "internal", message: "the server left this topic out" };

/** The refusal of a request that failed as a whole. */
export function refusalOf({ code, reason = "the request failed", retryAfter }: CloseCause): Refusal {
  return { code, message: reason, ...(retryAfter !== undefined && { retryAfter }) };
}

/** The refusal of one channel in an answer of the auth route. */
export function channelRefusal(error: unknown): Refusal {
  const { code, message } = typeof error === "object" && error !== null ? (error as Partial<Failed>) : {};
  return isErrorCode(code) ? { code, message: String(message) } : LEFT_OUT;
}

/** The history route's answer to the read `number`, which it gives under `ref`. */
export function historyEvent(
  topic: string,
  number: number,
  ref: number,
  messages: readonly ServerMessage[],
): TopicEvent {
  const verdict = messages.find(
    (message): message is Subscribed | Failed =>
      (message.type === "subscribed" || message.type === "error") && message.ref === ref,
  );
  if (verdict?.type !== "subscribed") return { type: "unread", number, refusal: verdict ?? LEFT_OUT };
  const missed = messages.filter(
    (message): message is Notified | Skip =>
      (message.type === "notification" || message.type === "skip") && message.topic === topic,
  );
  return { type: "read", number, answer: { ...verdict, messages: missed } };
}

/**
 * An event of the application on a channel; undefined when it means nothing. `hasMetadata` says
 * whether events carry positions, and `now` is wall-clock milliseconds since 1970.
 */
export function applicationEvent(
  topic: string,
  event: string,
  value: unknown,
  hasMetadata: boolean,
  now: number,
): TopicEvent | undefined {
  if (!hasMetadata && event === STORED_EVENT) return { type: "lost" };
  const { data, metadata } = hasMetadata ? splitMetadata(value) : { data: value, metadata: undefined };
  if (event === STORED_EVENT)
    return metadata && { type: "arrived", place: metadata, arrival: { kind: "stored" } };
  const { offset = 0, time = now, id } = metadata ?? {};
  const message = {
    type: "notification",
    topic,
    event,
    data,
    offset,
    time,
    ...(id !== undefined && { id }),
  } as const;
  // An event without metadata comes from elsewhere than a hub, and has no place.
  return metadata && offset > 0 && metadata.epoch !== NO_EPOCH
    ? { type: "arrived", place: metadata, arrival: { kind: "notification", message } }
    : { type: "volatile", message: { ...message, offset: 0 } };
}
