/** Webhooks: reports changes of channels to application servers, signed with the app's secret. */
import type { PusherSettings, PusherWebhook } from "../options.ts";
import type { PusherApp } from "../protocol/app.ts";
import { sign } from "../protocol/signature.ts";
import type { ChannelChange } from "./channels.ts";

/** A client event that the hub has accepted. */
export interface TakenClientEvent {
  readonly channel: string;
  readonly event: string;
  /** JSON. */
  readonly data: string;
  readonly socket_id: string;
  readonly user_id?: string | undefined;
}

/** An event of a webhook. */
type WebhookEvent =
  | ChannelChange
  | ({ readonly name: "client_event" } & TakenClientEvent)
  | { readonly name: "cache_miss"; readonly channel: string };

/**
 * Milliseconds for which a departure is held back. A member that returns meanwhile has not left.
 */
const GRACE = 1_000;
/**
 * Events in one request, and events that may wait for one receiver. The oldest of more are dropped.
 */
const BATCH = 20;
const WAITING = 1_000;
/**
 * Milliseconds: the time that a receiver has to answer, the first pause after a failure, which
 * doubles, and the age at which an event is dropped.
 */
const ANSWER = 4_000;
const PAUSE = 1_000;
const GIVE_UP = 300_000;

/** An arrival cancels the departure that is held back. */
const RETURNS = { channel_occupied: "channel_vacated", member_added: "member_removed" } as const;

export class Webhooks {
  readonly #app: PusherApp;
  readonly #receivers: readonly Receiver[];
  readonly #leaving: Map<string, ReturnType<typeof setTimeout>> = new Map();

  constructor(app: PusherApp, webhooks: PusherSettings["webhooks"]) {
    this.#app = app;
    this.#receivers = webhooks.map((webhook) => new Receiver(webhook));
  }

  /** Reports a change, a departure after {@link GRACE}. */
  changed(change: ChannelChange): void {
    // A user's own channel is private to the connections of this server.
    if (this.#receivers.length === 0 || change.channel.startsWith("#")) return;
    const member = "user_id" in change ? change.user_id : "";
    if (change.name === "channel_vacated" || change.name === "member_removed") {
      const key = `${change.name} ${change.channel} ${member}`;
      const timer = setTimeout(() => {
        this.#leaving.delete(key);
        this.#tell(change);
      }, GRACE);
      timer.unref();
      this.#leaving.set(key, timer);
      return;
    }
    if (change.name !== "subscription_count") {
      const key = `${RETURNS[change.name]} ${change.channel} ${member}`;
      const left = this.#leaving.get(key);
      clearTimeout(left);
      if (this.#leaving.delete(key)) return;
    }
    this.#tell(change);
  }

  clientEvent(event: TakenClientEvent): void {
    this.#tell({ name: "client_event", ...event });
  }

  cacheMiss(channel: string): void {
    this.#tell({ name: "cache_miss", channel });
  }

  #tell(event: WebhookEvent): void {
    for (const receiver of this.#receivers) receiver.add(event, this.#app);
  }
}

/**
 * One URL. Events go to it in order, in batches: the events of one tick, or those that came while
 * it did not answer.
 */
class Receiver {
  readonly #url: string;
  readonly #events: ReadonlySet<string>;
  #waiting: WebhookEvent[] = [];
  #busy = false;

  constructor({ url, events }: Required<PusherWebhook>) {
    this.#url = url;
    this.#events = new Set(events);
  }

  add(event: WebhookEvent, app: PusherApp): void {
    if (!this.#events.has(event.name)) return;
    this.#waiting.push(event);
    if (this.#waiting.length > WAITING) this.#waiting.shift();
    if (this.#busy) return;
    this.#busy = true;
    setImmediate(() => void this.#drain(app));
  }

  async #drain(app: PusherApp): Promise<void> {
    while (this.#waiting.length > 0) {
      const events = this.#waiting.splice(0, BATCH);
      await this.#deliver(app, JSON.stringify({ time_ms: Date.now(), events }));
    }
    this.#busy = false;
  }

  async #deliver(app: PusherApp, body: string): Promise<void> {
    const end = performance.now() + GIVE_UP;
    for (let pause = PAUSE; !(await this.#post(app, body)); pause *= 2) {
      if (performance.now() + pause > end) return;
      await new Promise<void>((resolve) => void setTimeout(resolve, pause).unref());
    }
  }

  /** Resolves with whether the receiver has accepted the body. */
  async #post(app: PusherApp, body: string): Promise<boolean> {
    try {
      const answer = await fetch(this.#url, {
        method: "POST",
        body,
        headers: {
          "content-type": "application/json",
          "x-pusher-key": app.key,
          "x-pusher-signature": sign(app.secret, body),
        },
        redirect: "manual",
        signal: AbortSignal.timeout(ANSWER),
      });
      await answer.body?.cancel();
      return answer.ok;
    } catch {
      return false;
    }
  }
}
