/** What goes to a client: Pusher's events as JSON, and text frames of a WebSocket server around them (RFC 6455, section 5.2). */
import { errorData, type PusherError } from "../pusher-error.ts";

/** An event of Pusher's protocol. Its data travels as a text: JSON within JSON. */
export interface PusherEvent {
  readonly event: string;
  readonly channel?: string | undefined;
  /** JSON. */
  readonly data?: string | undefined;
  /** The user that sent it; on client events of presence channels. */
  readonly user_id?: string | undefined;
}

/** The text of an event. */
export function eventText({ event, channel, data, user_id }: PusherEvent): string {
  return JSON.stringify({ event, channel, data, user_id });
}

/** The text of `pusher:error`. */
export function errorText(error: PusherError): string {
  return JSON.stringify({ event: "pusher:error", data: errorData(error) });
}

const TEXT = 0x81;

/** All texts as final, unmasked, uncompressed text frames in one buffer, so that they leave in one write. */
export function textFrames(texts: readonly string[]): Buffer {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const buffer = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + headerSize(length) + length, 0));
  let at = 0;
  for (const [index, text] of texts.entries()) {
    const length = lengths[index] as number;
    at = writeHeader(buffer, at, length);
    at += buffer.write(text, at, length, "utf8");
  }
  return buffer;
}

function headerSize(length: number): number {
  if (length < 126) return 2;
  return length < 65_536 ? 4 : 10;
}

function writeHeader(buffer: Buffer, at: number, length: number): number {
  buffer[at] = TEXT;
  if (length < 126) {
    buffer[at + 1] = length;
    return at + 2;
  }
  if (length < 65_536) {
    buffer[at + 1] = 126;
    return buffer.writeUInt16BE(length, at + 2);
  }
  buffer[at + 1] = 127;
  return buffer.writeBigUInt64BE(BigInt(length), at + 2);
}
