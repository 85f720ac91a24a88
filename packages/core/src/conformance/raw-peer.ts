/** A client without a channel: it sends any value as a message over the transport under test. */
import type { Link } from "../link.ts";
import type { CloseCause } from "../protocol/close-codes.ts";
import type { ClientMessage, ServerMessage } from "../protocol/messages.ts";
import type { CaseContext } from "./context.ts";
import { until } from "./session-log.ts";

/** One link to the newest server half, and everything that came over it. */
export class RawPeer {
  readonly received: ServerMessage[] = [];
  closed: CloseCause | undefined;
  opened = false;
  readonly #link: Link<ClientMessage>;

  constructor(context: CaseContext) {
    this.#link = context.server.transport().connect({
      open: () => {
        this.opened = true;
      },
      message: (message) => this.received.push(message),
      malformed: () => {},
      close: (cause) => {
        this.closed = cause;
      },
    });
  }

  /** Sends any values as if they were messages. */
  send(...messages: readonly unknown[]): void {
    if (!this.closed) this.#link.send(messages as readonly ClientMessage[]);
  }

  async open(): Promise<void> {
    await this.#until(() => this.opened, "the link to open");
  }

  /** Opens and says hello; resolves after the welcome. */
  async welcome(session = "raw"): Promise<void> {
    await this.open();
    this.send({ type: "hello", protocol: 1, session });
    await this.message("welcome");
  }

  /** Waits for a message of the type. */
  async message<T extends ServerMessage["type"]>(type: T): Promise<Extract<ServerMessage, { type: T }>> {
    const find = (): ServerMessage | undefined => this.received.find((message) => message.type === type);
    await this.#until(() => find() !== undefined, `a message "${type}"`);
    return find() as Extract<ServerMessage, { type: T }>;
  }

  /** Waits for the end of the link. */
  async end(): Promise<CloseCause> {
    await this.#until(() => this.closed !== undefined, "the end of the link");
    return this.closed as CloseCause;
  }

  close(): void {
    this.#link.close({ code: "normal" });
  }

  #until(done: () => boolean, what: string): Promise<void> {
    const describe = (): string => `${JSON.stringify(this.received)} ${JSON.stringify(this.closed)}`;
    return until(done, what, 5_000, describe);
  }
}
