/**
 * One Engine.IO session as a link uses it: counts what the library holds, and ends with or without
 * the peer.
 */
import type { Carriers, Session } from "./carriers.ts";
import type { Packet } from "./packet.ts";

/** Milliseconds that a peer has to take the last packets of a session that the hub closed. */
const FAREWELL = 5_000;

export class Connection {
  readonly #session: Session;
  readonly #carriers: Carriers;
  /** Bytes that the library has not handed on yet. */
  #waiting = 0;
  /** Bytes of what it handed on last. */
  #handedOn = 0;

  constructor(session: Session, carriers: Carriers) {
    this.#session = session;
    this.#carriers = carriers;
    session.on("flush", this.#flushed);
  }

  /**
   * Bytes that the operating system has not taken yet; by long polling, that the client has not
   * taken. Writable means: on a WebSocket that all was written, on long polling that a poll is
   * open, and so the answer to the one before has arrived.
   */
  get buffered(): number {
    return this.#session.transport.writable ? 0 : this.#waiting + this.#handedOn;
  }

  send({ text, bytes, options }: Packet): void {
    this.#waiting += bytes;
    this.#session.send(text, options);
  }

  /** Counts a packet of so many bytes that the library is about to send by itself. */
  expect(bytes: number): void {
    this.#waiting += bytes;
  }

  /** Ends the session when everything was written, and after 5 s in any case. */
  close(): void {
    this.#closeWhenTaken();
    setTimeout(() => this.terminate(), FAREWELL).unref();
  }

  /** Ends the session at once; what was not written is given up. */
  terminate(): void {
    this.#carriers.terminate(this.#session);
  }

  /** Stops counting: the session goes on without the link. */
  leave(): void {
    this.#session.off("flush", this.#flushed);
  }

  /**
   * Told to close while no poll is open, the library waits for one by a timer of 30 s that holds
   * the process, also once the peer has gone. So it is told only when a poll is open.
   */
  readonly #closeWhenTaken = (): void => {
    const { transport } = this.#session;
    if (transport.name !== "polling" || transport.writable) this.#session.close();
    // The library sends first what it holds, and then this poll is no longer open.
    else transport.once("ready", this.#closeWhenTaken);
  };

  readonly #flushed = (): void => {
    this.#handedOn = this.#waiting;
    this.#waiting = 0;
  };
}
