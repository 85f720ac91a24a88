/**
 * The way up: one request at a time, its commands numbered. Requests side by side would overtake each other; and while one is
 * under way the next commands collect, so a slow network gets fewer and larger requests.
 */
import type { CloseCause } from "@bellwire/core";
import { refusedBy } from "./refused.ts";

/** The largest body until the hub says how much it takes. */
const FIRST_LIMIT = 65_536;

interface Queued {
  readonly text: string;
  readonly bytes: number;
}

export class Uplink {
  /** Names the link to the server. Set before the first `send`. */
  link = "";
  /** Bytes of commands that one request may bring, more than one command if they fit. */
  limit: number = FIRST_LIMIT;
  readonly #request: (init: RequestInit) => Promise<Response>;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #lost: (cause: CloseCause) => void;
  readonly #encoder: TextEncoder = new TextEncoder();
  #queue: Queued[] = [];
  #buffered = 0;
  #next = 1;
  #busy = false;

  /** `lost` is called when a request fails or is refused: a command is missing then, and the link is worth nothing any more. */
  constructor(
    request: (init: RequestInit) => Promise<Response>,
    headers: Readonly<Record<string, string>>,
    lost: (cause: CloseCause) => void,
  ) {
    this.#request = request;
    this.#headers = headers;
    this.#lost = lost;
  }

  /** Bytes of commands that the server has not taken yet. */
  get buffered(): number {
    return this.#buffered;
  }

  /** Queues encoded commands. They leave at the end of this tick, or when the request under way is done. */
  send(texts: readonly string[]): void {
    for (const text of texts) {
      const bytes = this.#encoder.encode(text).byteLength;
      this.#queue.push({ text, bytes });
      this.#buffered += bytes;
    }
    if (this.#busy) return;
    this.#busy = true;
    queueMicrotask(() => void this.#run());
  }

  /** Says that the client leaves for good. Resolves when the server has heard it, or cannot. */
  async leave(): Promise<void> {
    const headers = { ...this.#headers, "bellwire-link": this.link };
    // A page that is being left may end before the answer.
    const init = { method: "DELETE", headers, keepalive: true, redirect: "error" } as const;
    await this.#request(init).catch(() => {});
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#take();
      let response: Response;
      try {
        response = await this.#request({
          method: "POST",
          // In headers, for the URL to stay the same: browsers remember a preflight by URL, and servers log it.
          headers: {
            ...this.#headers,
            "content-type": "application/json",
            "bellwire-link": this.link,
            "bellwire-number": `${this.#next}`,
          },
          body: `[${batch.map(({ text }) => text).join(",")}]`,
          cache: "no-store",
          redirect: "error",
        });
      } catch {
        return this.#lost({ code: "link_lost", reason: "a request failed" });
      }
      if (!response.ok) return this.#lost(await refusedBy(response));
      this.#next += batch.length;
      for (const { bytes } of batch) this.#buffered -= bytes;
    }
    this.#busy = false;
  }

  /** The first command, and as many after it as fit with their commas. */
  #take(): readonly Queued[] {
    let end = 0;
    let size = 0;
    for (const { bytes } of this.#queue) {
      if (end > 0 && size + bytes + 1 > this.limit) break;
      size += bytes + (end > 0 ? 1 : 0);
      end += 1;
    }
    return this.#queue.splice(0, end);
  }
}
