/**
 * Sends the client's commands: one request at a time, its commands numbered. Concurrent requests
 * would overtake each other. While one is under way, commands collect, so a slow network carries
 * fewer and larger requests.
 */
import type { CloseCause } from "@bellwire/core";
import { refusedBy } from "./refused.ts";

/** Bytes of the largest body, until the hub tells its own limit. */
const FIRST_LIMIT = 65_536;

interface Queued {
  readonly text: string;
  readonly bytes: number;
}

/** The queue of commands of one link. */
export class Uplink {
  /** The id of the link in its requests. Set it before the first `send`. */
  link = "";
  /** Bytes of commands in one request, which carries as many as fit. */
  limit: number = FIRST_LIMIT;
  readonly #request: (init: RequestInit) => Promise<Response>;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #lost: (cause: CloseCause) => void;
  readonly #encoder: TextEncoder = new TextEncoder();
  #queue: Queued[] = [];
  #buffered = 0;
  #next = 1;
  #busy = false;

  /**
   * `lost` is called when a request fails or is refused. A command is missing then, so the link has
   * to end.
   */
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

  /**
   * Queues encoded commands. They leave at the end of this tick, or when the request under way has
   * been answered.
   */
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

  /** Says that the client leaves for good. Resolves with the answer, or when there is none. */
  async leave(): Promise<void> {
    const headers = { ...this.#headers, "bellwire-link": this.link };
    // With `keepalive` the request survives the page that is being left.
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
          // Headers keep the URL the same: browsers remember a preflight by URL, and servers log
          // URLs.
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

  /** Removes the first command, and as many after it as fit with their commas. */
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
