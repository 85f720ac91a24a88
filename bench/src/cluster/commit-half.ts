/** An application that publishes in transactions, and a client of a hub in another process. */
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { postgresPublisher } from "@bellwire/backplane-postgres";
import { createChannel } from "@bellwire/core/client";
import pg from "pg";
import { contractOf } from "../contenders/workout-app.ts";
import { hostNow, sleep } from "../measure/clock.ts";
import { EVENT } from "./server.ts";

const TOPIC = "orders.all";
/** Milliseconds to wait for the last deliveries. */
const PATIENCE = 5_000;

/** See `HalfModule`. */
export function createHalf() {
  const arrived = new Map<number, number>();
  let database: pg.Client | undefined;
  let close = async (): Promise<void> => {};
  let count = 0;
  const topics = contractOf([EVENT]);
  const { publishIn } = postgresPublisher({ topics });

  return {
    /** Connects to the database, and as a client to the hub at a port. */
    async open(url: string, port: number): Promise<void> {
      const connection = new pg.Client({ connectionString: url });
      await connection.connect();
      await connection.query("create table orders (n int primary key)");
      const transport = webSocketTransport({ url: `ws://127.0.0.1:${port}/bellwire` });
      const channel = createChannel({ topics, transport });
      const subscription = channel.subscribe(TOPIC);
      subscription.onAny(({ data }) => arrived.set((data as { readonly n: number }).n, hostNow()));
      await subscription.ready();
      database = connection;
      close = async () => {
        channel.close();
        await connection.end();
      };
    },
    /**
     * Runs so many transactions, one every so many milliseconds; each inserts a row and publishes.
     * Gives the milliseconds of each from its COMMIT to the delivery, NaN without one.
     */
    async transact(times: number, every: number): Promise<Float64Array> {
      if (!database) throw new Error("no database is open");
      const first = count + 1;
      const committed: number[] = [];
      const began = hostNow();
      for (let place = 0; place < times; place += 1) {
        await sleep(Math.max(0, began + place * every - hostNow()));
        const n = ++count;
        await database.query("begin");
        await database.query("insert into orders values ($1)", [n]);
        await publishIn(database, TOPIC, EVENT, { n });
        committed.push(hostNow());
        await database.query("commit");
      }
      for (const end = hostNow() + PATIENCE; !arrived.has(count) && hostNow() < end; ) await sleep(5);
      return Float64Array.from(committed, (at, place) => (arrived.get(first + place) ?? Number.NaN) - at);
    },
    close: () => close(),
  };
}
