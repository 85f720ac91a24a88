/**
 * Publishes on their way to the publish route: one request at a time, so that they keep their
 * order, and repeated until they are answered, which their ids make safe.
 */

import { type Clock, type CloseCause, ERRORS } from "@bellwire/core";
import { type Acknowledged, type Failed, type Publish, type ServerMessage } from "@bellwire/core/adapter";
import { MESSAGES_PER_REQUEST } from "../routes.ts";

/** The part of its link that the queue needs. */
export interface PublishHost {
  readonly clock: Clock;
  /** From [0, 1). */
  readonly random: () => number;
  /** Sends some; resolves with the server's messages, or with the cause when there are none. */
  post(publishes: readonly Publish[]): Promise<readonly ServerMessage[] | CloseCause>;
  answered(publish: Publish, answer: Acknowledged | Failed): void;
  /** Ends the link: the token is not accepted any more. */
  close(cause: CloseCause): void;
}

/**
 * Milliseconds before a request is repeated: random up to the base, which doubles with every
 * failure up to the cap.
 */
const BASE = 500;
const CAP = 20_000;

export class Publishes {
  readonly #host: PublishHost;
  #queue: Publish[] = [];
  #running = false;
  #failures = 0;
  #cancelRetry: (() => void) | undefined;
  #closed = false;

  constructor(host: PublishHost) {
    this.#host = host;
  }

  add(publish: Publish): void {
    this.#queue.push(publish);
    if (this.#running) return;
    this.#running = true;
    // The other publishes of this tick are sent with it.
    queueMicrotask(() => void this.#run());
  }

  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#cancelRetry?.();
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0 && !this.#closed) {
      const batch = this.#queue.slice(0, MESSAGES_PER_REQUEST);
      const answer = await this.#host.post(batch);
      if (this.#closed) return;
      if ("code" in answer) {
        const { code, reason, retryAfter } = answer;
        if (code === "unauthorized") return this.#host.close(answer);
        if (ERRORS[code].retryable) return this.#later(retryAfter);
        this.#answer(batch, [], { code, message: reason ?? "the request was refused" });
      } else this.#answer(batch, answer, { code: "internal", message: "the server left this publish out" });
    }
    this.#running = false;
  }

  /** `otherwise` answers the publishes that `messages` does not. */
  #answer(
    batch: readonly Publish[],
    messages: readonly ServerMessage[],
    otherwise: Pick<Failed, "code" | "message">,
  ): void {
    this.#failures = 0;
    const answers = new Map<number, Acknowledged | Failed>();
    for (const message of messages) {
      if ((message.type === "acknowledged" || message.type === "error") && message.ref !== undefined)
        answers.set(message.ref, message);
    }
    this.#queue.splice(0, batch.length);
    for (const publish of batch) {
      const { ref } = publish;
      this.#host.answered(publish, answers.get(ref) ?? { type: "error", ref, ...otherwise });
    }
  }

  #later(retryAfter: number | undefined): void {
    const bound = Math.min(CAP, BASE * 2 ** this.#failures);
    this.#failures += 1;
    this.#cancelRetry = this.#host.clock.after(
      retryAfter ?? this.#host.random() * bound,
      () => void this.#run(),
    );
  }
}
