/** A process that appends: through a hub, and beside it by the engine's bare command. */
import { createHub } from "@bellwire/core/server";
import { contractOf } from "../contenders/workout-app.ts";
import { hostNow, sleep } from "../measure/clock.ts";
import { type EngineAddress, openEngine, postgresPool, redisClient } from "./engine.ts";

/** A way to append: by a hub, by a hub with ids, or by the bare command. */
export type Way = "hub" | "hub with ids" | "bare";

/** Topics, to which the appends go in turn. */
const TOPICS = Array.from({ length: 16 }, (_, n) => `news.${n}`);
/** Entries that a topic keeps, and a bare stream too. */
const KEPT = 256;
const EVENT = "said";
const DATA = { text: "x".repeat(116) };

type Append = (n: number) => Promise<unknown>;

/** See `HalfModule`. */
export function createHalf() {
  let ways: Readonly<Record<Way, Append>> | undefined;
  let close = async (): Promise<void> => {};
  let count = 0;

  return {
    async open(address: EngineAddress): Promise<void> {
      const engine = await openEngine(address, KEPT);
      const bare = address.engine === "redis" ? bareRedis(address.port) : await barePostgres(address);
      const hub = createHub({ topics: contractOf([EVENT]), backplane: engine.backplane });
      const topicOf = (n: number): string => TOPICS[n % TOPICS.length] as string;
      ways = {
        hub: (n) => hub.publish(topicOf(n), EVENT, DATA),
        "hub with ids": (n) => hub.publish(topicOf(n), EVENT, DATA, { id: `${process.pid}-${n}` }),
        bare: (n) => bare.append(n),
      };
      close = async () => {
        await hub.close({ flush: 0, spread: 0 });
        await engine.close();
        await bare.close();
      };
    },
    /** Appends as fast as so many callers can who each wait for their answer. Gives the rate. */
    async burst(way: Way, callers: number, milliseconds: number): Promise<number> {
      const append = appender(way);
      const began = hostNow();
      let done = 0;
      await Promise.all(
        Array.from({ length: callers }, async () => {
          while (hostNow() - began < milliseconds) {
            await append(count++);
            done += 1;
          }
        }),
      );
      return (done / (hostNow() - began)) * 1_000;
    },
    /**
     * Appends at a rate, whatever the answers do. Gives the milliseconds of each from its intended
     * time to its answer.
     */
    async paced(way: Way, rate: number, milliseconds: number): Promise<Float64Array> {
      const append = appender(way);
      const latencies = new Float64Array(Math.floor((rate * milliseconds) / 1_000));
      const answers: Promise<void>[] = [];
      const began = hostNow() + 10;
      for (let next = 0; next < latencies.length; await sleep(1)) {
        for (; next < latencies.length; next += 1) {
          const intended = began + (next * 1_000) / rate;
          if (intended > hostNow()) break;
          const place = next;
          answers.push(
            append(count++).then(() => {
              latencies[place] = hostNow() - intended;
            }),
          );
        }
      }
      await Promise.all(answers);
      return latencies;
    },
    close: () => close(),
  };

  function appender(way: Way): Append {
    if (!ways) throw new Error("no engine is open");
    return ways[way];
  }
}

interface Bare {
  readonly append: Append;
  close(): Promise<void>;
}

/** XADD of all that a notification consists of, trimmed by count as exactly as the hub's. */
function bareRedis(port: number): Bare {
  const client = redisClient(port);
  return {
    append: (n) =>
      client.xadd(
        `bare:${n % TOPICS.length}`,
        ...(["MAXLEN", "=", KEPT, "*", "event", EVENT] as const),
        "json",
        JSON.stringify(DATA),
        "time",
        Date.now(),
      ),
    async close() {
      client.disconnect();
    },
  };
}

/** One INSERT … RETURNING that commits by itself. */
async function barePostgres(address: EngineAddress): Promise<Bare> {
  if (address.engine !== "postgres") throw new Error(`no bare command of ${address.engine}`);
  const pool = postgresPool(address.url);
  await pool.query(
    "create table if not exists bare (no bigserial primary key, topic text, event text, json text, time bigint)",
  );
  return {
    append: (n) =>
      pool.query("insert into bare (topic, event, json, time) values ($1, $2, $3, $4) returning no", [
        TOPICS[n % TOPICS.length],
        EVENT,
        JSON.stringify(DATA),
        Date.now(),
      ]),
    close: () => pool.end(),
  };
}
