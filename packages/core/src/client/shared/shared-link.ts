/** A tab's end of a link over a trunk. */
import type { CloseCause, Link, LinkObserver, Transport } from "../../link.ts";
import type { ClientMessage, ServerMessage } from "../../protocol/messages.ts";
import type { Heard, LinkId } from "./tab-messages.ts";

/** Publishes with `exclude` that are remembered, of all channels of one tab; the hub replays fewer. */
const EXCLUDED = 1_000;

/** What a link needs of its tab. */
export interface SharedLinkHost {
  readonly transport: Transport;
  /** Publishes that their own channel is not to hear of, whatever link it is on. */
  readonly excluded: Set<string>;
  send(batch: readonly ClientMessage[]): void;
  /** The link is over, or has a connection of its own. `cause`: its channel has closed it. */
  closed(cause: CloseCause | undefined): void;
}

export class SharedLink implements Link<ClientMessage> {
  readonly id: LinkId;
  /** With which leader it was opened. */
  leader: string | undefined;
  readonly #observer: LinkObserver<ServerMessage>;
  readonly #host: SharedLinkHost;
  #session = "";
  /** What was said before anything was heard: said again on a connection of its own. Undefined before it is open. */
  #said: ClientMessage[] | undefined;
  #over = false;
  #own: Link<ClientMessage> | undefined;

  constructor(id: LinkId, observer: LinkObserver<ServerMessage>, host: SharedLinkHost) {
    this.id = id;
    this.#observer = observer;
    this.#host = host;
  }

  /** Of a trunk in another tab nothing is known. */
  get buffered(): number {
    return this.#own?.buffered ?? 0;
  }

  send(batch: readonly ClientMessage[]): void {
    if (this.#own) return this.#own.send(batch);
    if (this.#over) return;
    this.#said?.push(...batch);
    this.#host.send(batch.map((message) => this.#toAll(message)));
  }

  close(cause: CloseCause): void {
    if (this.#own) this.#own.close(cause);
    else this.#end(cause, cause);
  }

  /** It is lost, by no doing of its channel. */
  end(cause: CloseCause): void {
    this.#end(cause, undefined);
  }

  hear(what: Heard): void {
    switch (what.type) {
      case "open":
        this.#said = [];
        return this.#observer.open();
      case "close":
        return this.end(what.cause);
      case "malformed":
        return this.#observer.malformed(what.reason);
      case "refused":
        return this.alone();
      case "notification":
        if (!this.#host.excluded.has(this.#publish(what))) return this.#observer.message(what);
        if (what.offset > 0) this.#observer.message({ type: "skip", topic: what.topic, offset: what.offset });
        return;
      default:
        this.#said = [];
        this.#observer.message(what);
    }
  }

  /** Leaves the trunk for a connection of its own. */
  alone(): void {
    const observer = this.#observer;
    const said = this.#said;
    this.#over = true;
    this.#host.closed(undefined);
    this.#own = this.#host.transport.connect({
      open: () => (said ? this.#own?.send(said) : observer.open()),
      message: (message, bytes) => observer.message(message, bytes),
      malformed: (reason) => observer.malformed(reason),
      close: (cause) => observer.close(cause),
    });
  }

  #end(cause: CloseCause, own: CloseCause | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#host.closed(own);
    this.#observer.close(cause);
  }

  /** `exclude` spares a link of the hub, which all tabs have in common; only the publisher's own channel is to be spared. */
  #toAll(message: ClientMessage): ClientMessage {
    const { excluded } = this.#host;
    if (message?.type === "hello") this.#session = message.session;
    if (message?.type !== "publish" || !message.exclude) return message;
    const [oldest = ""] = excluded.size < EXCLUDED ? [] : excluded;
    excluded.delete(oldest);
    excluded.add(this.#publish(message));
    return { ...message, exclude: undefined };
  }

  #publish({ topic, id = "" }: { readonly topic: string; readonly id?: string | undefined }): string {
    return `${this.#session} ${topic} ${id}`;
  }
}
