/**
 * WebSocket as bytes (RFC 6455): the upgrade, frames as they should be, and frames that no library
 * makes.
 */
import type { Random } from "@bellwire/core/conformance";
import { times, type Weighted, weighted } from "./chance.ts";
import { mutatedRequest, ORIGINS, type RequestParts, request } from "./http-text.ts";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** An upgrade as it should be. */
export function upgrade(target: string): RequestParts {
  return request("GET", target, [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${KEY}`,
  ]);
}

/** An upgrade that should be refused, or perhaps not. */
export function brokenUpgrade(random: Random, target: string): RequestParts {
  const parts = upgrade(target);
  const extra = (...lines: string[]): RequestParts => ({ ...parts, headers: [...parts.headers, ...lines] });
  const replaced = (name: string, line: string): RequestParts => ({
    ...parts,
    headers: parts.headers.map((header) => (header.startsWith(name) ? line : header)),
  });
  switch (random.int(9)) {
    case 0:
      return replaced(
        "Sec-WebSocket-Key",
        `Sec-WebSocket-Key: ${random.pick(["", "x", "=".repeat(500), `${KEY}a`])}`,
      );
    case 1:
      return replaced(
        "Sec-WebSocket-Version",
        `Sec-WebSocket-Version: ${random.pick(["8", "12", "14", "-1", "x", ""])}`,
      );
    case 2:
      return extra(
        `Sec-WebSocket-Extensions: ${random.pick([
          "permessage-deflate; server_max_window_bits=99",
          "permessage-deflate; client_max_window_bits=__proto__",
          "permessage-deflate,permessage-deflate",
          "; =",
          'x; a="\\',
          "__proto__; constructor",
          "x,".repeat(500),
        ])}`,
      );
    case 3:
      return extra(
        `Sec-WebSocket-Protocol: ${random.pick(["a", "a,a", ",", "\u00ff", "__proto__", "x,".repeat(500)])}`,
      );
    case 4:
      return extra(`Origin: ${random.pick(ORIGINS)}`);
    case 5:
      return replaced("Upgrade", `Upgrade: ${random.pick(["WebSocket", "websocket2", "h2c", ""])}`);
    case 6:
      return { ...parts, method: random.pick(["POST", "HEAD", "OPTIONS"]) };
    case 7:
      return { ...parts, headers: [...parts.headers, "Content-Length: 5"], body: Buffer.from("hello") };
    default:
      return mutatedRequest(random, parts);
  }
}

/** Variations of a frame, beside a final, masked one of a natural length. */
export interface FrameShape {
  readonly final?: boolean;
  /** The three reserved bits, as a number from 0 to 7. */
  readonly reserved?: number;
  readonly masked?: boolean;
  /** How many bytes it says that it has. */
  readonly claimed?: bigint;
  /** Bytes of the field for the length, whether it takes so many or not. */
  readonly field?: 1 | 2 | 8;
}

/** The bytes of one frame. */
export function frame(opcode: number, payload: Buffer, shape: FrameShape = {}): Buffer {
  const { final = true, reserved = 0, masked = true, claimed = BigInt(payload.length) } = shape;
  const { field = claimed < 126n ? 1 : claimed < 65_536n ? 2 : 8 } = shape;
  const first = (final ? 0x80 : 0) | (reserved << 4) | opcode;
  const bit = masked ? 0x80 : 0;
  const header = Buffer.alloc(field === 1 ? 2 : 2 + field);
  header[0] = first;
  header[1] = bit | (field === 1 ? Number(claimed & 0x7fn) : field === 2 ? 126 : 127);
  if (field === 2) header.writeUInt16BE(Number(claimed & 0xffffn), 2);
  if (field === 8) header.writeBigUInt64BE(claimed & 0xffff_ffff_ffff_ffffn, 2);
  // A mask of zeros leaves the payload as it is.
  return Buffer.concat([header, ...(masked ? [Buffer.alloc(4)] : []), payload]);
}

/** A text in one frame. */
export function textFrame(text: string): Buffer {
  return frame(1, Buffer.from(text));
}

/** A text in several frames, with a ping between them. */
export function fragmented(random: Random, text: string): Buffer {
  const bytes = Buffer.from(text);
  const size = Math.max(1, Math.ceil(bytes.length / (1 + random.int(5))));
  const parts = times(Math.max(1, Math.ceil(bytes.length / size)), (index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
  const frames = parts.map((part, index) =>
    frame(index === 0 ? 1 : 0, part, { final: index === parts.length - 1 }),
  );
  if (random.chance(0.5)) frames.splice(1, 0, frame(9, Buffer.from("between")));
  return Buffer.concat(frames);
}

const BAD_CLOSES = [0, 1, 999, 1004, 1005, 1006, 1015, 2_999, 3_000, 4_999, 5_000, 65_535];

/** Frames that a connection survives, or should. */
const HARMLESS: Weighted<(random: Random) => Buffer> = [
  [10, () => frame(9, Buffer.alloc(0))],
  [10, (random) => frame(9, Buffer.alloc(random.int(126), 65))],
  [10, () => frame(10, Buffer.from("unasked"))],
  [5, () => frame(2, Buffer.from([0xff, 0, 0x80]))],
  [5, () => frame(1, Buffer.alloc(0))],
  [3, (random) => Buffer.concat(times(random.int(30), () => frame(9, Buffer.alloc(125, 66))))],
];

/** Frames after which the hub should close. */
const FATAL: Weighted<(random: Random) => Buffer> = [
  [4, (random) => frame(1, Buffer.from("x"), { reserved: 1 + random.int(7) })],
  [4, (random) => frame(random.pick([3, 4, 5, 6, 7, 11, 12, 15]), Buffer.from("x"))],
  [4, () => frame(1, Buffer.from("unmasked"), { masked: false })],
  [4, (random) => frame(random.pick([8, 9, 10]), Buffer.alloc(126))],
  [4, (random) => frame(random.pick([8, 9, 10]), Buffer.from("x"), { final: false })],
  [4, () => frame(0, Buffer.from("a continuation of nothing"))],
  [4, () => Buffer.concat([frame(1, Buffer.from("a"), { final: false }), frame(1, Buffer.from("b"))])],
  [4, () => frame(1, Buffer.from([0xc3, 0x28, 0xff, 0xfe]))],
  [4, () => frame(1, Buffer.from([0xed, 0xa0, 0x80]))],
  [
    3,
    (random) =>
      frame(1, Buffer.from("x"), {
        claimed: random.pick([65_537n, 1n << 31n, 1n << 53n, 1n << 63n, (1n << 64n) - 1n]),
      }),
  ],
  [3, () => frame(1, Buffer.from("x"), { field: 8 })],
  [3, () => frame(1, Buffer.from("x"), { field: 2 })],
  [2, () => frame(1, Buffer.alloc(70_000, 97))],
  [2, () => frame(1, Buffer.alloc(1_048_577, 97))],
  [6, (random) => closeFrame(random.pick(BAD_CLOSES))],
  [4, () => frame(8, Buffer.from([3]))],
  [4, () => frame(8, Buffer.from([3, 0xe8, 0xc3, 0x28]))],
  [4, () => frame(8, Buffer.alloc(0))],
  [4, () => Buffer.concat([closeFrame(1_000), frame(1, Buffer.from("after the end")), closeFrame(1_000)])],
  [4, (random) => Buffer.from(times(1 + random.int(200), () => random.int(256)))],
];

/** A close frame with a number. */
export function closeFrame(number: number): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(number);
  return frame(8, payload);
}

/** A frame that carries no message; one in ten should end the connection. */
export function oddFrame(random: Random): Buffer {
  return weighted(random, random.chance(0.1) ? FATAL : HARMLESS)(random);
}

/** A text in whatever frames. */
export function messageFrame(random: Random, text: string): Buffer {
  return random.chance(0.1) ? fragmented(random, text) : textFrame(text);
}
