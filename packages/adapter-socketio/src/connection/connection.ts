/**
 * One Engine.IO session as a link uses it: counts the bytes that the library holds, and ends the
 * session with or without the peer.
 */
import type { Carriers, Session } from "./carriers.ts";
import type { Packet } from "./packet.ts";

/** Milliseconds that a peer has to read the last packets of a session that the hub closed. */
const FAREWELL = 5_000;

export class Connection {
  readonly #session: Session;
  readonly #carriers: Carriers;
  /** Bytes that the library has not passed to the carrier yet. */
  #waiting = 0;
  /** Bytes that the library passed on in its last flush. */
  #handedOn = 0;

  constructor(session: Session, carriers: Carriers) {
    this.#session = session;
    this.#carriers = carriers;
    session.on("flush", this.#flushed);
  }

  /**
   * Bytes that the operating system has not taken yet, or with long polling, the client. A
   * WebSocket is writable when everything was written. Long polling is writable when a poll is
   * open, which proves that the answer to the previous poll has arrived.
   */
  get buffered(): number {
    return this.#session.transport.writable ? 0 : this.#waiting + this.#handedOn;
  }

  send({ text, bytes, options }: Packet): void {
    this.#waiting += bytes;
    this.#session.send(text, options);
  }

  /** Counts `bytes` for a packet that the library itself is about to send. */
  expect(bytes: number): void {
    this.#waiting += bytes;
  }

  /** Ends the session when everything was written, at the latest after 5 s. */
  close(): void {
    this.#closeWhenTaken();
    setTimeout(() => this.terminate(), FAREWELL).unref();
  }

  /** Ends the session at once and discards unwritten data. */
  terminate(): void {
    this.#carriers.terminate(this.#session);
  }

  /** Stops counting, because the session goes on without the link. */
  leave(): void {
    this.#session.off("flush", this.#flushed);
  }

  /**
   * Closes the session. With long polling it does so only while a poll is open. Otherwise the
   * library would wait for one with a timer of 30 s, which keeps the process alive even when the
   * peer has gone.
   */
  readonly #closeWhenTaken = (): void => {
    const { transport } = this.#session;
    if (transport.name !== "polling" || transport.writable) this.#session.close();
    // The library first sends what it holds, which answers this poll.
    else transport.once("ready", this.#closeWhenTaken);
  };

  readonly #flushed = (): void => {
    this.#handedOn = this.#waiting;
    this.#waiting = 0;
  };
}
