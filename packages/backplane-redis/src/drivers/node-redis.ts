/** Connections by `redis`, also known as node-redis. */
import type { Driver, Line, LineObserver, Reply } from "./line.ts";

/** The part of a `redis` client that is used. */
export interface NodeRedisClient {
  readonly options?: { readonly socket?: object } | undefined;
  duplicate(options?: object): NodeRedisClient;
  connect(): Promise<unknown>;
  destroy(): void;
  sendCommand(args: string[]): Promise<unknown>;
  subscribe(channels: string[], listener: (message: string, channel: string) => unknown): Promise<unknown>;
  unsubscribe(channels: string[]): Promise<unknown>;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
}

export function nodeRedisDriver(template: NodeRedisClient): Driver {
  return {
    async open(observer: LineObserver, timeout: number): Promise<Line> {
      const client = template.duplicate({
        disableOfflineQueue: true,
        socket: { ...template.options?.socket, connectTimeout: timeout, reconnectStrategy: false },
      });
      let ended = false;
      let open = false;
      const end = (): void => {
        if (ended || !open) return;
        ended = true;
        observer.close();
      };
      client.on("error", end);
      client.on("end", end);
      await client.connect();
      open = true;
      // The client calls each function once for a channel, however often it was subscribed.
      const heard = (message: string, channel: string): void => observer.message(channel, message);
      return {
        call: (args) => client.sendCommand([...args]) as Promise<Reply>,
        subscribe: async (channels) => void (await client.subscribe([...channels], heard)),
        unsubscribe: async (channels) => void (await client.unsubscribe([...channels])),
        close() {
          try {
            client.destroy();
          } catch {
            // It has ended already.
          }
          end();
        },
      };
    },
  };
}
