/** The link of Bellwire's own client: a stream of messages down, numbered requests up. */
import { type CloseCause } from "@bellwire/core";
import { decodeClientMessage, encodeServerMessage, type ServerMessage } from "@bellwire/core/adapter";
import type { Handshake, LinkAcceptor } from "@bellwire/core/server";
import type { Command } from "./commands.ts";
import { eventText } from "./event-text.ts";
import type { Sink } from "./exchange.ts";
import { Inbox } from "./inbox.ts";
import { StreamLink } from "./stream-link.ts";

export class NativeLink extends StreamLink {
  /** Names the link in the requests that come up; who knows it speaks for the client, so it cannot be guessed. */
  readonly id: string = crypto.randomUUID();
  readonly #inbox: Inbox<Command>;

  constructor(sink: Sink, waitingBytes: number) {
    super();
    this.#inbox = new Inbox((command) => this.#command(command), waitingBytes);
    this.begin(sink);
    sink.write(sink.wire.frame(eventText({ event: "link", data: JSON.stringify({ link: this.id }) })));
  }

  /** Presents the link to the hub. */
  open(hub: LinkAcceptor, handshake: Handshake): void {
    this.attach(hub.accept(this, handshake));
  }

  send(batch: readonly ServerMessage[]): void {
    const { sink } = this;
    if (this.closed || !sink) return;
    let bytes: Uint8Array;
    try {
      bytes = sink.wire.batch(batch);
    } catch {
      return this.close({ code: "internal", reason: "a message could not be encoded" });
    }
    sink.write(bytes);
  }

  /** Takes the commands of one request; false when too many would have to wait for an earlier one. */
  take(first: number, commands: readonly Command[]): boolean {
    return this.#inbox.take(first, commands);
  }

  /** A body that holds no commands. */
  malformed(reason: string): void {
    this.observer?.malformed(reason);
  }

  protected farewell({ code, reason, retryAfter }: CloseCause): string {
    const bye = {
      type: "bye",
      code,
      ...(reason !== undefined && { reason }),
      ...(retryAfter !== undefined && { retryAfter }),
    } as const;
    return eventText({ data: encodeServerMessage(bye) });
  }

  protected refuse(): void {
    // The stream begins with the link: there is never a client without one.
  }

  #command({ text, bytes }: Command): void {
    const { observer } = this;
    if (!observer) return;
    const decoded = decodeClientMessage(text);
    if (decoded.ok) observer.message(decoded.message, bytes);
    else observer.malformed(decoded.reason);
  }
}
