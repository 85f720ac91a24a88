/**
 * Requests for history that wait for their answers. They survive the link: on the next one they are
 * sent again.
 */
import { BellwireError, ERRORS } from "../../errors.ts";
import type { Acknowledged, Failed, ReadHistory, ServerMessage } from "../../protocol/messages.ts";
import type { ExtensibleChannel } from "./extensible-channel.ts";

/** Requests that may wait. One more rejects with `outbox_full`. */
const MAX_REQUESTS = 100;
/**
 * Milliseconds before a request is sent again that the hub could not answer, unless it says another
 * time. Doubled with each try, up to 32 s.
 */
const RETRY = 1_000;

interface Pending {
  readonly message: Omit<ReadHistory, "ref">;
  /** On the current link; 0 if not sent on it, or refused for a while. */
  ref: number;
  tries: number;
  cancelRetry: (() => void) | undefined;
  readonly resolve: (answer: Acknowledged) => void;
  readonly reject: (error: BellwireError) => void;
}

export class Requests {
  readonly #channel: ExtensibleChannel;
  readonly #pending: Set<Pending> = new Set();

  /** Takes part in what the channel receives, from now on. */
  constructor(channel: ExtensibleChannel) {
    this.#channel = channel;
    const receive = channel.receive.bind(channel);
    const changed = channel.changed.bind(channel);
    channel.receive = (message) => {
      if (!this.#take(message)) receive(message);
    };
    channel.changed = (now, before) => {
      if (before === "connected") for (const pending of this.#pending) pending.ref = 0;
      changed(now, before);
      for (const pending of this.#pending) this.#send(pending);
      if (now === "closed" || now === "failed") this.#rejectAll(this.#over());
    };
  }

  /**
   * Sends a request, now or as soon as there is a link, and again while the hub cannot answer for
   * the moment. Rejects with the hub's refusal, and with `aborted`, `no_answer`, `outbox_full` or
   * the reason for which the channel is over.
   */
  async ask(message: Omit<ReadHistory, "ref">, signal: AbortSignal | undefined): Promise<Acknowledged> {
    const { state } = this.#channel.status;
    if (state === "closed" || state === "failed") throw this.#over();
    if (signal?.aborted) throw given(signal);
    if (this.#pending.size >= MAX_REQUESTS)
      throw new BellwireError("outbox_full", `at most ${MAX_REQUESTS} requests for history`);
    let abort = (): void => {};
    let pending: Pending | undefined;
    try {
      return await new Promise<Acknowledged>((resolve, reject) => {
        pending = { message, ref: 0, tries: 0, cancelRetry: undefined, resolve, reject };
        abort = () => reject(given(signal));
        signal?.addEventListener("abort", abort);
        this.#pending.add(pending);
        this.#channel.connect();
        this.#send(pending);
      });
    } finally {
      signal?.removeEventListener("abort", abort);
      pending?.cancelRetry?.();
      if (pending) this.#pending.delete(pending);
    }
  }

  #send(pending: Pending): void {
    if (pending.ref > 0 || this.#channel.status.state !== "connected") return;
    pending.cancelRetry?.();
    pending.ref = this.#channel.ref();
    this.#channel.send({ ...pending.message, ref: pending.ref });
  }

  /** Whether the message is the answer to a request. */
  #take(message: ServerMessage): boolean {
    if (message.type !== "acknowledged" && message.type !== "error") return false;
    const pending = Array.from(this.#pending).find(({ ref }) => ref === message.ref);
    if (pending && message.type === "acknowledged") pending.resolve(message);
    else if (pending && message.type === "error") this.#refused(pending, message);
    // A hub that does not know the command cannot tell whose it was.
    else if (message.type === "error" && message.code === "malformed" && message.ref === undefined)
      this.#rejectAll(errorOf(message));
    return pending !== undefined;
  }

  #refused(pending: Pending, failed: Failed): void {
    if (!ERRORS[failed.code].retryable || failed.code === "malformed") return pending.reject(errorOf(failed));
    const after = failed.retryAfter ?? RETRY * 2 ** Math.min(pending.tries, 5);
    pending.tries += 1;
    // A new link sends it earlier.
    pending.cancelRetry = this.#channel.clock.after(after, () => {
      pending.ref = 0;
      this.#send(pending);
    });
  }

  #rejectAll(error: BellwireError): void {
    for (const pending of this.#pending) pending.reject(error);
  }

  #over(): BellwireError {
    const { cause } = this.#channel.status;
    return cause
      ? new BellwireError(cause.code, cause.reason ?? cause.code, cause)
      : new BellwireError("closed", "the channel is closed");
  }
}

function errorOf({ code, message, retryAfter }: Failed): BellwireError {
  return new BellwireError(code, message, { retryAfter });
}

/** The caller has given up. */
function given(signal: AbortSignal | undefined): BellwireError {
  const cause = signal?.reason as { readonly name?: unknown } | undefined;
  const code = cause?.name === "TimeoutError" ? "no_answer" : "aborted";
  return new BellwireError(code, "given up", { cause });
}
