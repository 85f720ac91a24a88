/**
 * Reads publishes of server libraries: the bodies of `events` and `batch_events`. Pure; it answers
 * instead of throwing.
 */
import { DATA_DEPTH, isEventName, isName, isTooDeep } from "@bellwire/core/adapter";
import { userOfChannel } from "../protocol/channel-name.ts";
import { HOSTED_LIMITS } from "../protocol/limits.ts";
import { type Answer, bad } from "./answer.ts";

/** One event to one channel. */
export interface PublishedEvent {
  readonly channel: string;
  readonly name: string;
  /** The data as it was sent. */
  readonly text: string;
  /** The meaning of the data: its value if it is JSON, and otherwise the text itself. */
  readonly data: unknown;
  /** The connection that must not receive it. */
  readonly socketId: string | undefined;
  /** The attributes of the channel that the caller asks for. */
  readonly info: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads the body of `events`: one event to one or several channels. */
export function readTrigger(body: string): PublishedEvent[] | Answer {
  const fields = readObject(body);
  if (!fields) return bad("The body must be a JSON object");
  const { channel, channels = [channel] } = fields;
  if (!Array.isArray(channels) || channels.length === 0) return bad("channels must be an array of names");
  if (channels.length > HOSTED_LIMITS.channels)
    return bad(`An event may go to at most ${HOSTED_LIMITS.channels} channels`);
  return readEvents([...new Set<unknown>(channels)].map((name) => ({ ...fields, channel: name })));
}

/** Reads the body of `batch_events`: several events, each to its channel. */
export function readBatch(body: string): PublishedEvent[] | Answer {
  const { batch } = readObject(body) ?? {};
  if (!Array.isArray(batch)) return bad("batch must be an array of events");
  if (batch.length > HOSTED_LIMITS.batch)
    return bad(`A batch may hold at most ${HOSTED_LIMITS.batch} events`);
  return readEvents(batch);
}

/** All events, or the answer to the first one that is illegal: half a batch is worse than none. */
function readEvents(values: readonly unknown[]): PublishedEvent[] | Answer {
  const events: PublishedEvent[] = [];
  for (const value of values) {
    const event = readEvent(value);
    if ("status" in event) return event;
    events.push(event);
  }
  return events;
}

function readEvent(value: unknown): PublishedEvent | Answer {
  if (typeof value !== "object" || value === null) return bad("An event must be an object");
  const { channel, name, data, socket_id: socketId, info } = value as Fields;
  if (typeof channel !== "string") return bad("Invalid channel name");
  if (userOfChannel(channel) === undefined && !isName(channel)) return bad("Invalid channel name");
  if (!isEventName(name)) return bad("Invalid event name");
  if (typeof data !== "string") return bad("data must be a string");
  if (Buffer.byteLength(data) > HOSTED_LIMITS.eventBytes) {
    return {
      status: 413,
      text: `The data content of this event exceeds the allowed maximum (${HOSTED_LIMITS.eventBytes} bytes)`,
    };
  }
  const meant = meaning(data);
  // Events to a user bypass the hub, which checks all others.
  if (meant !== data && isTooDeep(data)) return bad(`data may be at most ${DATA_DEPTH} levels deep`);
  const noSocket = socketId === undefined || socketId === null;
  if (!noSocket && (typeof socketId !== "string" || !/^\d{1,20}\.\d{1,20}$/.test(socketId)))
    return bad("Invalid socket_id");
  if (info !== undefined && info !== null && typeof info !== "string") return bad("info must be a string");
  return {
    channel,
    name,
    text: data,
    data: meant,
    socketId: noSocket ? undefined : String(socketId),
    info: attributeNames(info ?? ""),
  };
}

/** The names in a list that is separated by commas. */
export function attributeNames(list: string): readonly string[] {
  return list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function meaning(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}

function readObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Fields)
      : undefined;
  } catch {
    return undefined;
  }
}
