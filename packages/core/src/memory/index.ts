/**
 * Both halves of a transport in one process: the reference adapter, and the test double for
 * applications. Messages pass through the JSON codec, so that data behaves as on a network, and
 * arrive asynchronously, in order.
 */
import type { Capabilities } from "../capabilities.ts";
import type { Link, LinkObserver, Transport } from "../link.ts";
import type { CloseCause } from "../protocol/close-codes.ts";
import {
  type Decoded,
  decodeClientMessage,
  decodeServerMessage,
  encodeClientMessage,
  encodeServerMessage,
} from "../protocol/codec.ts";
import type { ClientMessage, ServerMessage } from "../protocol/messages.ts";
import type { LinkAcceptor } from "../server/acceptor.ts";

/** The capabilities of the memory transport. */
export const MEMORY_CAPABILITIES = {
  history: "emulated",
  paging: "emulated",
  order: "native",
  acknowledgement: "emulated",
  clientPublish: "emulated",
  presence: "emulated",
  binary: "none",
  maxMessageBytes: Number.MAX_SAFE_INTEGER,
} as const satisfies Capabilities;

/** A transport that is connected to a hub in the same process. */
export function memoryTransport(hub: LinkAcceptor): Transport<typeof MEMORY_CAPABILITIES> {
  return {
    name: "memory",
    capabilities: MEMORY_CAPABILITIES,
    connect(observer) {
      const refusal = hub.refusal();
      if (refusal) {
        queueMicrotask(() => observer.close(refusal));
        return { buffered: 0, send() {}, close() {} };
      }
      const client = new MemoryLink<ClientMessage, ServerMessage>(encodeClientMessage, decodeServerMessage);
      const server = new MemoryLink<ServerMessage, ClientMessage>(encodeServerMessage, decodeClientMessage);
      client.join(server, observer);
      server.join(client, hub.accept(server, { transport: "memory", headers: {} }));
      queueMicrotask(() => {
        server.open();
        client.open();
      });
      return client;
    },
  };
}

class MemoryLink<Out, In> implements Link<Out> {
  readonly buffered = 0;
  readonly #encode: (message: Out) => string;
  readonly #decode: (text: string) => Decoded<In>;
  #peer: { receive(texts: readonly string[]): void; closed(cause: CloseCause): void } | undefined;
  #observer: LinkObserver<In> | undefined;
  #closed = false;

  constructor(encode: (message: Out) => string, decode: (text: string) => Decoded<In>) {
    this.#encode = encode;
    this.#decode = decode;
  }

  join(peer: MemoryLink<In, Out>, observer: LinkObserver<In>): void {
    this.#peer = peer;
    this.#observer = observer;
  }

  open(): void {
    if (!this.#closed) this.#observer?.open();
  }

  send(batch: readonly Out[]): void {
    if (this.#closed) return;
    const texts = batch.map(this.#encode);
    queueMicrotask(() => this.#peer?.receive(texts));
  }

  close(cause: CloseCause): void {
    if (this.#closed) return;
    // After the messages that were sent before it.
    queueMicrotask(() => this.#peer?.closed(cause));
    queueMicrotask(() => this.closed(cause));
  }

  receive(texts: readonly string[]): void {
    for (const text of texts) {
      if (this.#closed) return;
      const decoded = this.#decode(text);
      if (decoded.ok) this.#observer?.message(decoded.message, text.length);
      else this.#observer?.malformed(decoded.reason);
    }
  }

  closed(cause: CloseCause): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#observer?.close(cause);
  }
}
