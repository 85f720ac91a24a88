/**
 * The traffic of the channel, for the panel: positions of topics, gaps, states and the latency, as
 * they happen. A store for `useSyncExternalStore`.
 */

import type { Transport } from "@bellwire/core";
import type { ClientMessage, Link, LinkObserver, ServerMessage } from "@bellwire/core/adapter";
import type { ChannelState } from "@bellwire/core/client";

/** Lines of the log that are kept. */
const LINES = 60;

export interface Line {
  readonly key: number;
  readonly at: number;
  readonly kind: "state" | "gap" | "notification" | "switch";
  readonly text: string;
}

export interface TrafficView {
  /** By topic: where it stands, in which epoch, and what came last. */
  readonly topics: ReadonlyMap<
    string,
    { readonly epoch: string; readonly offset: number; readonly last: string }
  >;
  readonly lines: readonly Line[];
  readonly received: number;
  readonly gaps: number;
  /** Milliseconds to the server and back; undefined while it is not known. */
  readonly latency: number | undefined;
}

const NOTHING: TrafficView = { topics: new Map(), lines: [], received: 0, gaps: 0, latency: undefined };

export class Traffic {
  #view: TrafficView = NOTHING;
  #next: TrafficView = NOTHING;
  #key = 0;
  #scheduled = false;
  readonly #listeners: Set<() => void> = new Set();

  /** For `useSyncExternalStore`. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };
  readonly current = (): TrafficView => this.#view;

  state(state: ChannelState): void {
    this.#line("state", state);
    if (state !== "connected") this.latency(undefined);
  }

  switched(to: string): void {
    this.#line("switch", `moved to ${to}`);
  }

  latency(latency: number | undefined): void {
    this.#change({ latency });
  }

  /** The same transport, with what it brings looked at. */
  observed<T extends Transport>(transport: T): T {
    const see = (message: ServerMessage): void => this.#see(message);
    return {
      ...transport,
      connect(observer: LinkObserver<ServerMessage>): Link<ClientMessage> {
        return transport.connect({
          open: () => observer.open(),
          message(message, bytes) {
            see(message);
            observer.message(message, bytes);
          },
          malformed: (reason) => observer.malformed(reason),
          close: (cause) => observer.close(cause),
        });
      },
    };
  }

  #see(message: ServerMessage): void {
    if (message.type === "subscribed" || message.type === "gap") {
      const { topic, position, type } = message;
      this.#at(topic, position.offset, type, position.epoch);
      const reason = type === "gap" ? message.reason : message.gap;
      if (reason) this.#gap(topic, reason);
    } else if (message.type === "skip") this.#at(message.topic, message.offset, "skipped");
    else if (message.type === "notification") {
      const { topic, event, offset } = message;
      this.#change({ received: this.#next.received + 1 });
      this.#at(topic, offset, event);
      if (offset > 0) this.#line("notification", `${topic} ${event} ${offset}`);
    }
  }

  /** A volatile event has offset 0 and moves nothing. */
  #at(topic: string, offset: number, last: string, epoch?: string): void {
    const before = this.#next.topics.get(topic);
    const now = {
      epoch: epoch ?? before?.epoch ?? "",
      offset: offset > 0 || epoch !== undefined ? offset : (before?.offset ?? 0),
      last,
    };
    this.#change({ topics: new Map(this.#next.topics).set(topic, now) });
  }

  #gap(topic: string, reason: string): void {
    this.#change({ gaps: this.#next.gaps + 1 });
    this.#line("gap", `${topic}: ${reason}`);
  }

  #line(kind: Line["kind"], text: string): void {
    this.#key += 1;
    const line = { key: this.#key, at: Date.now(), kind, text };
    this.#change({ lines: [line, ...this.#next.lines].slice(0, LINES) });
  }

  /** Shown at most once in a frame, however much comes. */
  #change(change: Partial<TrafficView>): void {
    this.#next = { ...this.#next, ...change };
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#view = this.#next;
      for (const listener of this.#listeners) listener();
    });
  }
}
