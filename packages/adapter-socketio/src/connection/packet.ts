/** Packets for clients. Each is encoded once, however many links send it. */

/** A packet that is ready for the library. */
export interface Packet {
  /** The form for long polling, and for any other carrier that frames by itself. */
  readonly text: string;
  /** The approximate size on any carrier, in bytes. */
  readonly bytes: number;
  readonly options: PacketOptions;
}

/**
 * `wsPreEncodedFrame` is the option by which Socket.IO's own adapters pass Engine.IO a finished
 * frame, so that the text is not encoded again for every link. Engines that do not know the option,
 * or that compress, send the text.
 */
interface PacketOptions {
  readonly compress: false;
  readonly wsPreEncodedFrame: readonly [Buffer];
}

/** The type MESSAGE of Engine.IO's protocol, which WebSocket frames begin with. */
const MESSAGE = "4";

/** Makes a packet of a Socket.IO packet's text. */
export function packetOf(text: string): Packet {
  const frame = textFrame(`${MESSAGE}${text}`);
  return { text, bytes: frame.length, options: { compress: false, wsPreEncodedFrame: [frame] } };
}

/**
 * Header and text in one buffer, so that they leave in one write (RFC 6455, section 5.2: final,
 * unmasked, text).
 */
function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const header = headerOf(length);
  const frame = Buffer.allocUnsafe(header.length + length);
  frame.set(header);
  frame.write(text, header.length, "utf8");
  return frame;
}

function headerOf(length: number): readonly number[] {
  if (length < 126) return [0x81, length];
  if (length < 65_536) return [0x81, 126, length >> 8, length & 0xff];
  const header = Buffer.alloc(10);
  header.set([0x81, 127]);
  header.writeBigUInt64BE(BigInt(length), 2);
  return [...header];
}
