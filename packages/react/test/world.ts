/**
 * A real hub in this process, channels over a wire that counts what passes, and roots in the page
 * that are unmounted at the end.
 */

import type { CloseCause, Transport } from "@bellwire/core";
import type { ClientMessage, Link, LinkObserver, ServerMessage } from "@bellwire/core/adapter";
import {
  createChannel,
  type HistoryChannel,
  type NotificationChannel,
  withHistory,
} from "@bellwire/core/client";
import { memoryTransport } from "@bellwire/core/memory";
import { createHub, type Hub, memoryBackplane } from "@bellwire/core/server";
import type { ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { expect, onTestFinished } from "vitest";
import { topics } from "./topics.ts";

type Topics = typeof topics.map;

/** The part of the page that a test reads, and the function that removes it. */
export interface Mounted {
  readonly text: string;
  render(node: ReactNode): void;
  unmount(): void;
}

export class World {
  readonly hub: Hub<Topics>;
  /** Whether the hub lets anybody read and subscribe, beside the diary. */
  allows = true;
  /** Connections that were begun, by whomever. */
  connections = 0;
  /** Channels that were made by {@link World.channel}. */
  channels = 0;
  /** The messages of clients to the hub. */
  readonly said: ClientMessage[] = [];
  readonly errors: unknown[] = [];
  #links: Link<ClientMessage>[] = [];

  /** `size`: of the history of each topic; by default so small that a gap is near. */
  constructor({ size = 3 }: { readonly size?: number } = {}) {
    this.hub = createHub({
      topics,
      backplane: memoryBackplane({ history: { size } }),
      authenticate: ({ token }) => (token ? { user: token } : null),
      authorize: ({ topic }) => this.allows && topic !== "private-diary",
      limits: { presenceGrace: 1 },
    });
    onTestFinished(() => this.hub.close({ flush: 0 }));
  }

  /** Commands of a kind, as `topic`s in the order of the wire. */
  commands(kind: "subscribe" | "unsubscribe" | "publish"): string[] {
    return this.said.flatMap((message) => (message.type === kind ? [message.topic] : []));
  }

  /** A channel of a user; what it could not tell anybody else is in `errors`. */
  readonly channel = (user = "alice"): NotificationChannel<Topics> => {
    this.channels += 1;
    const transport: Transport = {
      ...memoryTransport(this.hub),
      connect: (observer) => this.#connect(observer),
    };
    const channel = createChannel({
      topics,
      transport,
      token: async () => user,
      backoff: { base: 5, cap: 5 },
    });
    channel.onError((error) => this.errors.push(error));
    onTestFinished(() => channel.close());
    return channel;
  };

  /** A channel that reads the past. */
  readonly late = (user = "alice"): HistoryChannel<Topics> => withHistory(this.channel(user));

  /** Loses every link. */
  cut(): void {
    const cause: CloseCause = { code: "link_lost" };
    for (const link of this.#links.splice(0)) link.close(cause);
  }

  #connect(observer: LinkObserver<ServerMessage>): Link<ClientMessage> {
    this.connections += 1;
    const link = memoryTransport(this.hub).connect(observer);
    const counted: Link<ClientMessage> = {
      buffered: 0,
      send: (batch) => {
        this.said.push(...batch);
        link.send(batch);
      },
      close: (cause) => link.close(cause),
    };
    this.#links.push(counted);
    return counted;
  }
}

/** Renders into the page. A complaint of React fails the test that mounted. */
export function mount(node: ReactNode): Mounted {
  const container = document.createElement("div");
  document.body.append(container);
  const root = createRoot(container);
  let mounted = true;
  const unmount = (): void => {
    if (mounted) root.unmount();
    mounted = false;
    container.remove();
  };
  onTestFinished(unmount);
  root.render(node);
  return {
    get text() {
      return container.textContent ?? "";
    },
    render: (next) => root.render(next),
    unmount,
  };
}

/** Waits until a reading is as expected; three seconds without fail. */
export function until<T>(read: () => T, expected: T): Promise<unknown> {
  return expect.poll(read, { timeout: 3_000, interval: 5 }).toEqual(expected);
}
