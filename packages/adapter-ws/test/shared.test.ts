/** The kit over a WebSocket that a tab shares with another tab, which leads. */

import type { Transport } from "@bellwire/core";
import type { LinkObserver, ServerMessage } from "@bellwire/core/adapter";
import { conformance, type Rig } from "@bellwire/core/conformance";
import { shared, type TabBroadcast, type TabLocks } from "@bellwire/core/shared";
import { describe, it } from "vitest";
import { webSocketRig } from "../src/testing.ts";

const NOBODY: LinkObserver<ServerMessage> = { open() {}, message() {}, malformed() {}, close() {} };

/** Locks of two tabs that end together: they are granted in the order of the requests. */
function fairLocks(): TabLocks {
  const last = new Map<string, Promise<unknown>>();
  return {
    request(name, _options, held) {
      const done = Promise.resolve(last.get(name)).then(held);
      last.set(name, done);
      return done;
    },
  };
}

/** A broadcast that reports each message after its listener has run. */
function telling(heard: (message: readonly unknown[]) => void): new (name: string) => TabBroadcast {
  return class implements TabBroadcast {
    onmessage: ((event: never) => unknown) | null = null;
    readonly #channel: BroadcastChannel;

    constructor(name: string) {
      this.#channel = new BroadcastChannel(name);
      this.#channel.onmessage = (event) => {
        this.onmessage?.(event as never);
        heard((event as MessageEvent<readonly unknown[]>).data);
      };
    }

    postMessage(message: unknown): void {
      this.#channel.postMessage(message);
    }

    close(): void {
      this.#channel.close();
    }
  };
}

let pairs = 0;

/**
 * The transport of a tab that follows another. The other sends no messages of its own and closes
 * last.
 */
function following(transport: Transport): Transport {
  return {
    name: transport.name,
    capabilities: transport.capabilities,
    connect(observer) {
      const key = `pair ${++pairs}`;
      const navigator = { locks: fairLocks() };
      const leader = telling(([kind, , , cause]) => {
        if (kind === "close") silent.close(cause as Parameters<typeof silent.close>[0]);
      });
      const silent = shared(transport, { key, platform: { navigator, BroadcastChannel: leader } }).connect(
        NOBODY,
      );
      const platform = { navigator, BroadcastChannel: telling(() => {}) };
      return shared(transport, { key, platform }).connect(observer);
    },
  };
}

const rig: Rig = {
  name: "shared(ws)",
  async start(hub) {
    const server = await webSocketRig.start(hub);
    return { ...server, transport: (port) => following(server.transport(port)) };
  },
};

conformance(rig, { describe, it });
