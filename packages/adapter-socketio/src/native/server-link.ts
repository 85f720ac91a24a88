/**
 * The hub's end of a link of Bellwire's own client: messages of PROTOCOL.md, as arguments of one
 * event.
 */
import { type CloseCause } from "@bellwire/core";
import { byeOf, encodeOnce, encodeServerMessage, type ServerMessage } from "@bellwire/core/adapter";
import { type Handshake, type LinkAcceptor } from "@bellwire/core/server";
import type { Socket } from "socket.io";
import type { Connection } from "../connection/connection.ts";
import { eventPacket, MESSAGES } from "../connection/encoding.ts";
import { type Packet, packetOf } from "../connection/packet.ts";
import { SocketLink } from "../connection/socket-link.ts";

/**
 * Characters after which a batch continues in another packet. A client receives a packet only when
 * it is complete: at 16 kbit/s a packet of 64 KiB would deliver nothing for half a minute, and a
 * cut near its end would lose the whole replay each time.
 */
const PACKET = 4_096;

/** Encodes a batch as packets. Throws when a handler's answer is no JSON. */
export type EncodeBatch = (batch: readonly ServerMessage[]) => readonly Packet[];

/**
 * Makes the encoder that all links of a namespace share. It encodes a batch once, however many
 * links send it.
 */
export function batchEncoder(namespace: string): EncodeBatch {
  const packet = (texts: readonly string[]): Packet => packetOf(eventPacket(namespace, MESSAGES, texts));
  return encodeOnce((batch: readonly ServerMessage[]) => {
    const packets: Packet[] = [];
    let texts: string[] = [];
    let length = 0;
    for (const message of batch) {
      const text = encodeServerMessage(message);
      if (length > 0 && length + text.length > PACKET) {
        packets.push(packet(texts));
        texts = [];
        length = 0;
      }
      texts.push(text);
      length += text.length;
    }
    return [...packets, packet(texts)];
  });
}

export class NativeLink extends SocketLink {
  readonly #encode: EncodeBatch;

  constructor(socket: Socket, connection: Connection, limit: number, encode: EncodeBatch) {
    super(socket, connection, limit, true);
    this.#encode = encode;
  }

  /** Presents the link to the hub. */
  open(hub: LinkAcceptor, handshake: Handshake): void {
    this.attach(hub.accept(this, handshake));
  }

  send(batch: readonly ServerMessage[]): void {
    if (this.closed) return;
    let packets: readonly Packet[];
    try {
      packets = this.#encode(batch);
    } catch {
      return this.close({ code: "internal", reason: "a message could not be encoded" });
    }
    for (const packet of packets) this.connection.send(packet);
  }

  protected received(event: unknown, messages: readonly unknown[]): void {
    if (event === MESSAGES && messages.length > 0) for (const message of messages) this.take(message);
    else this.malformed("not an event of Bellwire");
  }

  protected farewell(cause: CloseCause): void {
    const bye = encodeServerMessage(byeOf(cause));
    this.connection.send(packetOf(eventPacket(this.socket.nsp.name, MESSAGES, [bye])));
    this.socket.disconnect();
    this.connection.close();
  }
}
