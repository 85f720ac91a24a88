/** The body of a streaming `Response`. */
import type { Encoding } from "./encoding.ts";
import type { Sink } from "./exchange.ts";

/**
 * A sink that a `ReadableStream` empties. It is not a byte stream: those detach each buffer that is
 * written, and all streams share ours.
 */
export class FetchSink implements Sink {
  readonly encoding: Encoding;
  readonly readable: ReadableStream<Uint8Array>;
  readonly #ended: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #ending = false;
  #over = false;

  /** `ended` is called once, when the stream has ended from either side. */
  constructor(encoding: Encoding, ended: () => void) {
    this.encoding = encoding;
    this.#ended = ended;
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        // A pull means that all bytes before it were taken.
        pull: () => {
          if (this.#ending) this.#close();
        },
        cancel: () => {
          this.#over = true;
          this.#ended();
        },
      },
      { highWaterMark: 0, size: ({ byteLength }) => byteLength },
    );
  }

  get buffered(): number {
    return Math.max(0, -(this.#controller?.desiredSize ?? 0));
  }

  write(bytes: Uint8Array): void {
    if (!this.#over && !this.#ending) this.#controller?.enqueue(bytes);
  }

  end(): void {
    if (this.#over || this.#ending) return;
    this.#ending = true;
    if (this.buffered === 0) this.#close();
  }

  destroy(): void {
    if (this.#over) return;
    this.#over = true;
    this.#controller?.error(new Error("the stream was cut"));
    this.#ended();
  }

  #close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#controller?.close();
    this.#ended();
  }
}
