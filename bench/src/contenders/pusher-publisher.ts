/**
 * Publishes by the HTTP API with the `pusher` SDK, in order: one request at a time, each with as
 * much as has gathered meanwhile.
 */
import { Agent } from "node:http";
import Pusher from "pusher";
import type { Notice } from "../contender.ts";

/** Events that the API takes in one request. */
const MOST = 10;

/** One publisher, with one connection that stays open. */
export class HttpPublisher {
  readonly #agent: Agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #pusher: Pusher;
  readonly #queue: Notice[] = [];
  #busy = false;
  #failures = 0;

  constructor(app: { readonly id: string; readonly key: string; readonly secret: string }, port: number) {
    const { id: appId, key, secret } = app;
    const host = "127.0.0.1";
    this.#pusher = new Pusher({
      appId,
      key,
      secret,
      host,
      port: `${port}`,
      agent: this.#agent,
      useTLS: false,
    });
  }

  /** Requests that failed; what they held is lost. */
  get failures(): number {
    return this.#failures;
  }

  publish(notices: readonly Notice[]): void {
    this.#queue.push(...notices);
    if (!this.#busy) void this.#run();
  }

  close(): void {
    this.#queue.length = 0;
    this.#agent.destroy();
  }

  async #run(): Promise<void> {
    this.#busy = true;
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, MOST);
      const events = batch.map(({ topic, event, data }) => ({ channel: topic, name: event, data }));
      await this.#pusher.triggerBatch(events).catch((error: unknown) => {
        this.#failures += 1;
        if (this.#failures === 1) console.error(error);
      });
    }
    this.#busy = false;
  }
}
