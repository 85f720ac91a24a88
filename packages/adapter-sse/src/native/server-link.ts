/** The hub's end of a link. */
import { type CloseCause } from "@bellwire/core";
import {
  byeOf,
  decodeClientMessage,
  encodeServerMessage,
  type Handshake,
  type LinkAcceptor,
  type ServerMessage,
} from "@bellwire/core/adapter";
import { eventText } from "../connection/event-text.ts";
import type { Sink } from "../connection/exchange.ts";
import { StreamLink } from "../connection/stream-link.ts";
import type { Command } from "./commands.ts";
import { Inbox } from "./inbox.ts";

/**
 * One link of Bellwire's own client on the hub. A batch that cannot be encoded closes it with
 * `internal`.
 */
export class NativeLink extends StreamLink {
  /**
   * The id in the requests up. A request that knows it acts for the client, so it cannot be
   * guessed. Any hub on the backplane can tell whose it is.
   */
  readonly id: string;
  readonly #inbox: Inbox<Command>;

  constructor(sink: Sink, hub: LinkAcceptor) {
    super();
    const { peers, maxMessageBytes: waitingBytes } = hub;
    this.id = peers?.address() ?? crypto.randomUUID();
    this.#inbox = new Inbox((command) => this.#command(command), waitingBytes);
    this.begin(sink);
    sink.write(sink.encoding.frame(eventText({ event: "link", data: JSON.stringify({ link: this.id }) })));
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
      bytes = sink.encoding.batch(batch);
    } catch {
      return this.close({ code: "internal", reason: "a message could not be encoded" });
    }
    sink.write(bytes);
  }

  /**
   * Takes the commands of one request. Returns false when too many would wait for an earlier one.
   */
  take(first: number, commands: readonly Command[]): boolean {
    return this.#inbox.take(first, commands);
  }

  /** Reports a body that holds no commands. */
  malformed(reason: string): void {
    this.observer?.malformed(reason);
  }

  protected farewell(cause: CloseCause): string {
    return eventText({ data: encodeServerMessage(byeOf(cause)) });
  }

  protected refuse(): void {
    // The stream begins with the link, so it never waits for the hub.
  }

  #command({ text, bytes }: Command): void {
    const { observer } = this;
    if (!observer) return;
    const decoded = decodeClientMessage(text);
    if (decoded.ok) observer.message(decoded.message, bytes);
    else observer.malformed(decoded.reason);
  }
}
