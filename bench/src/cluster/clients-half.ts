/** The clients of a cluster in one process: the stock client of either library, and its log. */
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { createChannel } from "@bellwire/core/client";
import { io } from "socket.io-client";
import { contractOf } from "../contenders/workout-app.ts";
import { hostNow } from "../measure/clock.ts";
import { type ClientLog, type Published, TOLD } from "./account.ts";
import { EVENT } from "./server.ts";

/** The two libraries. */
export type Library = "Bellwire" | "Socket.IO";

/** One client: what it has seen since the last `take`. */
class Client {
  live = false;
  close = (): void => {};
  readonly #seen: Map<string, { seen: number[]; at: number[] }> = new Map();
  #lost: number[] = [];
  #back: number[] = [];

  entered(topic: string, n: number): void {
    let log = this.#seen.get(topic);
    if (!log) this.#seen.set(topic, (log = { seen: [], at: [] }));
    log.seen.push(n);
    log.at.push(hostNow());
  }

  connected(is: boolean): void {
    if (is === this.live) return;
    this.live = is;
    (is ? this.#back : this.#lost).push(hostNow());
  }

  /** Whether it has, of a topic, the last notification. */
  has({ topic, first, at }: Published): boolean {
    return at.length === 0 || (this.#seen.get(topic)?.seen.includes(first + at.length - 1) ?? false);
  }

  take(): ClientLog {
    const topics = Array.from(this.#seen, ([topic, log]) => ({ topic, ...log }));
    const log = { topics, lost: this.#lost, back: this.#back };
    this.#seen.clear();
    this.#lost = [];
    this.#back = [];
    return log;
  }
}

/** See `HalfModule`. */
export function createHalf() {
  const clients: Client[] = [];
  return {
    /** Connects so many clients to a port, each with all topics. */
    async connect(library: Library, port: number, count: number, topics: readonly string[]): Promise<void> {
      const dial = library === "Bellwire" ? bellwire : socketIo;
      const joining = Array.from({ length: count }, () => dial(port, topics));
      clients.push(...(await Promise.all(joining)));
    },
    live: (): number => clients.filter(({ live }) => live).length,
    /** Clients that miss the end of a topic. */
    behind: (published: readonly Published[]): number =>
      clients.filter((client) => !published.every((of) => client.has(of))).length,
    take: (): ClientLog[] => clients.map((client) => client.take()),
    close(): void {
      for (const { close } of clients) close();
    },
  };
}

async function bellwire(port: number, topics: readonly string[]): Promise<Client> {
  const client = new Client();
  const transport = webSocketTransport({ url: `ws://127.0.0.1:${port}/bellwire` });
  const channel = createChannel({ topics: contractOf([EVENT]), transport });
  client.close = () => channel.close();
  channel.onState((state) => client.connected(state === "connected"));
  channel.onError(() => {});
  await Promise.all(
    topics.map((topic) => {
      const subscription = channel.subscribe(topic);
      subscription.onAny(({ data }) => client.entered(topic, (data as { readonly n: number }).n));
      subscription.onGap(() => client.entered(topic, TOLD));
      return subscription.ready();
    }),
  );
  client.take();
  return client;
}

async function socketIo(port: number, topics: readonly string[]): Promise<Client> {
  const client = new Client();
  const socket = io(`http://127.0.0.1:${port}`, {
    transports: ["websocket"],
    auth: { topics },
    forceNew: true,
  });
  client.close = () => socket.disconnect();
  socket.on("disconnect", () => client.connected(false));
  socket.on(EVENT, ({ topic, n }: { readonly topic: string; readonly n: number }) =>
    client.entered(topic, n),
  );
  let wasConnected = false;
  await new Promise<void>((resolve) =>
    socket.on("connect", () => {
      if (wasConnected && !socket.recovered) for (const topic of topics) client.entered(topic, TOLD);
      wasConnected = true;
      client.connected(true);
      resolve();
    }),
  );
  client.take();
  return client;
}
