/**
 * The few bytes of RFC 6455 that a load client and the floor need, written by hand so that they
 * cost next to nothing.
 */
import { createHash } from "node:crypto";

const KEY = "AAAAAAAAAAAAAAAAAAAAAA==";

/**
 * The request that opens a WebSocket. The key is fixed: load clients talk to our own servers only.
 */
export function upgradeRequest(path: string): string {
  return [
    `GET ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${KEY}`,
    "\r\n",
  ].join("\r\n");
}

/** The answer of a server that accepts the request with this key. */
export function upgradeResponse(key: string): string {
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  return [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${accept}`,
    "\r\n",
  ].join("\r\n");
}

/** A text frame from a server. */
export function serverFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([header(payload.length, 0), payload]);
}

/**
 * A text frame from a client. Clients must mask; with a mask of zeros the payload stays readable.
 */
export function clientFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([header(payload.length, 0x80), Buffer.alloc(4), payload]);
}

function header(length: number, masked: 0 | 0x80): Buffer {
  if (length < 126) return Buffer.from([0x81, masked | length]);
  if (length > 0xffff) throw new RangeError("a frame of the benchmark holds at most 65535 bytes");
  return Buffer.from([0x81, masked | 126, length >> 8, length & 0xff]);
}
