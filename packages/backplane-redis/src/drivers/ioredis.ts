/** Connections by `ioredis`. */
import type { Driver, Line, LineObserver, Reply } from "./line.ts";

/** The part of an `ioredis` client that is used. */
export interface IoRedisClient {
  readonly options?: { readonly db?: number | undefined } | undefined;
  duplicate(options?: object): IoRedisClient;
  connect(): Promise<unknown>;
  disconnect(): void;
  call(command: string, ...args: string[]): Promise<unknown>;
  pipeline(): IoRedisPipeline;
  subscribe(...channels: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
  on(event: string, listener: (...args: never[]) => void): unknown;
}

/** Commands that are sent with one write. */
export interface IoRedisPipeline {
  call(command: string, ...args: string[]): unknown;
  exec(): Promise<readonly (readonly [error: Error | null, reply: unknown])[] | null>;
}

/** A lost connection stays lost, and nothing is sent twice. */
const ONCE = {
  lazyConnect: true,
  retryStrategy: () => null,
  sentinelRetryStrategy: () => null,
  reconnectOnError: null,
  enableOfflineQueue: false,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableReadyCheck: false,
  enableAutoPipelining: false,
  keyPrefix: "",
  readOnly: false,
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
        // The client itself goes on in another database where it may not have this one.
        const db = template.options?.db ?? 0;
        if (db !== 0) await client.call("SELECT", String(db));
      } catch (error) {
        client.disconnect();
        throw error instanceof Error && error.message.startsWith("ERR DB") ? error : (failure ?? error);
      }
      client.on("end", () => observer.close());
      return {
        call: inTicks(client),
        subscribe: async (channels) => void (await client.subscribe(...channels)),
        unsubscribe: async (channels) => void (await client.unsubscribe(...channels)),
        close: () => client.disconnect(),
      };
    },
  };
}

/** Sends the commands of one tick together, in their order; the client writes each by itself. */
function inTicks(client: IoRedisClient): (args: readonly string[]) => Promise<Reply> {
  let calls: Call[] = [];
  const send = async (): Promise<void> => {
    const sent = calls;
    calls = [];
    const pipeline = client.pipeline();
    for (const { command, args } of sent) pipeline.call(command, ...args);
    let results: Awaited<ReturnType<IoRedisPipeline["exec"]>>;
    try {
      results = await pipeline.exec();
    } catch (error) {
      for (const { reject } of sent) reject(error);
      return;
    }
    for (const [n, { resolve, reject }] of sent.entries()) {
      const [error, reply] = results?.[n] ?? [new Error("no reply")];
      if (error) reject(error);
      else resolve(reply as Reply);
    }
  };
  return ([command = "", ...args]) =>
    new Promise((resolve, reject) => {
      if (calls.push({ command, args, resolve, reject }) === 1) process.nextTick(() => void send());
    });
}

interface Call {
  readonly command: string;
  readonly args: readonly string[];
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}
