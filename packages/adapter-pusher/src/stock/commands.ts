/** Reads the frames of stock clients. Pure; never throws, whatever the text. */

/** A request of a client, in Pusher's terms. */
export type ClientFrame =
  | { readonly kind: "ping" | "pong" }
  | {
      readonly kind: "subscribe";
      readonly channel: string;
      readonly auth: string | undefined;
      readonly channelData: string | undefined;
    }
  | { readonly kind: "unsubscribe"; readonly channel: string }
  | { readonly kind: "signin"; readonly auth: string; readonly userData: string }
  | { readonly kind: "event"; readonly event: string; readonly channel: string; readonly data: unknown };

/** A frame, or the reason why the text is none. The reason never quotes the text. */
export type ReadFrame =
  | { readonly ok: true; readonly frame: ClientFrame }
  | { readonly ok: false; readonly reason: string };

/** Reads one text frame. */
export function readFrame(text: string): ReadFrame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: "not JSON" };
  }
  const frame = readEvent(value);
  return typeof frame === "string" ? { ok: false, reason: frame } : { ok: true, frame };
}

type Fields = Readonly<Record<string, unknown>>;

function readEvent(value: unknown): ClientFrame | string {
  if (!isFields(value)) return "not an event";
  const event = own(value, "event");
  if (typeof event !== "string") return "an event must have a name";
  // Some clients leave out the data of these events, which means nothing.
  if (event === "pusher:ping") return { kind: "ping" };
  if (event === "pusher:pong") return { kind: "pong" };
  if (event.startsWith("client-")) return readClientEvent(event, value);
  const data = own(value, "data");
  // Only the server encodes data twice.
  if (!isFields(data)) return "data must be an object";
  if (event === "pusher:subscribe") return readSubscribe(data);
  if (event === "pusher:signin") return readSignin(data);
  if (event === "pusher:unsubscribe") {
    const channel = own(data, "channel");
    return typeof channel === "string" ? { kind: "unsubscribe", channel } : "pusher:unsubscribe: bad channel";
  }
  return "clients send client- events only";
}

function readSubscribe(data: Fields): ClientFrame | string {
  const channel = own(data, "channel");
  const auth = own(data, "auth");
  const channelData = own(data, "channel_data");
  if (typeof channel !== "string") return "pusher:subscribe: bad channel";
  if (!isOptionalText(auth)) return "pusher:subscribe: bad auth";
  if (!isOptionalText(channelData)) return "pusher:subscribe: channel_data must be a string";
  // Libraries express a missing value in three ways: no key, null and an empty string.
  return { kind: "subscribe", channel, auth: auth || undefined, channelData: channelData ?? undefined };
}

function readSignin(data: Fields): ClientFrame | string {
  const auth = own(data, "auth");
  const userData = own(data, "user_data");
  if (typeof auth !== "string" || typeof userData !== "string") return "pusher:signin: bad auth or user_data";
  return { kind: "signin", auth, userData };
}

function readClientEvent(event: string, value: Fields): ClientFrame | string {
  const channel = own(value, "channel");
  if (typeof channel !== "string") return "a client event must have a channel";
  return { kind: "event", event, channel, data: own(value, "data") ?? null };
}

function isOptionalText(value: unknown): value is string | null | undefined {
  return value === undefined || value === null || typeof value === "string";
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}
