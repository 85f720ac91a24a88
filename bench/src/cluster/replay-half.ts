/** A client that comes back to a topic of which it has missed something. */
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import type { Position } from "@bellwire/core";
import { createChannel } from "@bellwire/core/client";
import { contractOf } from "../contenders/workout-app.ts";
import { hostNow } from "../measure/clock.ts";
import { EVENT } from "./server.ts";

/** See `HalfModule`. */
export function createHalf() {
  const topics = contractOf([EVENT]);
  const transport = (port: number) => webSocketTransport({ url: `ws://127.0.0.1:${port}/bellwire` });
  const open: { close(): void }[] = [];
  return {
    /** Subscribes and stays. */
    async stay(port: number, topic: string): Promise<void> {
      const channel = createChannel({ topics, transport: transport(port) });
      open.push(channel);
      await channel.subscribe(topic).ready();
    },
    /**
     * Connects, subscribes from a position, and leaves when so many notifications have come. Gives
     * the milliseconds from the first byte to the last notification; rejects on a gap.
     */
    async catchUp(port: number, topic: string, after: Position, missed: number): Promise<number> {
      const positions = { load: () => after, save: () => {} };
      const channel = createChannel({ topics, transport: transport(port), positions });
      try {
        const began = hostNow();
        let count = 0;
        await new Promise<void>((resolve, reject) => {
          const subscription = channel.subscribe(topic);
          subscription.onAny(() => {
            count += 1;
            if (count === missed) resolve();
          });
          subscription.onGap(({ reason }) => reject(new Error(`a gap: ${reason}`)));
          subscription.ready().catch(reject);
        });
        return hostNow() - began;
      } finally {
        channel.close();
      }
    },
    close(): void {
      for (const channel of open) channel.close();
    },
  };
}
