/** Connections by `ioredis`. */
import type { Driver, Line, LineObserver, Reply } from "./line.ts";

/** The part of an `ioredis` client that is used. */
export interface IoRedisClient {
  duplicate(options?: object): IoRedisClient;
  connect(): Promise<unknown>;
  disconnect(): void;
  call(command: string, ...args: string[]): Promise<unknown>;
  subscribe(...channels: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
  on(event: string, listener: (...args: never[]) => void): unknown;
}

/** A lost connection stays lost, and nothing is sent twice. */
const ONCE = {
  lazyConnect: true,
  retryStrategy: () => null,
  reconnectOnError: null,
  enableOfflineQueue: false,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableReadyCheck: false,
};

export function ioredisDriver(template: IoRedisClient): Driver {
  return {
    async open(observer: LineObserver, timeout: number): Promise<Line> {
      const client = template.duplicate({ ...ONCE, connectTimeout: timeout });
      let failure: unknown;
      client.on("error", (error: unknown) => {
        failure = error;
      });
      client.on("message", (channel: string, message: string) => observer.message(channel, message));
      try {
        await client.connect();
      } catch (error) {
        client.disconnect();
        throw failure ?? error;
      }
      client.on("end", () => observer.close());
      return {
        call: ([command = "", ...args]) => client.call(command, ...args) as Promise<Reply>,
        subscribe: async (channels) => void (await client.subscribe(...channels)),
        unsubscribe: async (channels) => void (await client.unsubscribe(...channels)),
        close: () => client.disconnect(),
      };
    },
  };
}
