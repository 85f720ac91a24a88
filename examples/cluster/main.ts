/**
 * Two hubs over Redis behind a balancer, by one command. `PORT` is 8080 if not set. `REDIS_URL`
 * names a Redis that runs already; without it `redis-server` is started, from PATH or as
 * `BELLWIRE_REDIS_SERVER` says.
 */
import { type Balancer, startBalancer } from "./balancer.ts";
import { HubProcess } from "./hub-process.ts";
import { type RedisServer, startRedis } from "./redis.ts";

const say = (line: string): void => console.log(line);
const redis = process.env.REDIS_URL ? undefined : await ownRedis();
const url = process.env.REDIS_URL ?? redis?.url ?? "";
say(redis ? `redis: process ${redis.pid}, ${redis.url}` : "redis: the one of REDIS_URL");

const hubs = ["A", "B"].map((name) => new HubProcess(name, url, say));
let stopping = false;
process.on("SIGINT", () => void stop(0));
process.on("SIGTERM", () => void stop(0));
void redis?.ended.then((said) => {
  if (stopping) return;
  console.error(`redis ended: ${said}`);
  void stop(1);
});

let balancer: Balancer | undefined;
try {
  await Promise.all(hubs.map((hub) => hub.start()));
  // Ctrl-C may come first; then hubs that had not started are no failure.
  if (!stopping) await balance();
} catch (error) {
  if (!stopping) console.error(error instanceof Error ? error.message : String(error));
  void stop(1);
}

async function balance(): Promise<void> {
  balancer = await startBalancer(
    Number(process.env.PORT ?? 8080),
    hubs.map(({ port }) => port),
  );
  say(`balancer: process ${process.pid}`);
  say(`Open http://localhost:${balancer.port} (Ctrl-C ends everything)`);
}

async function ownRedis(): Promise<RedisServer> {
  const started = await startRedis(process.env.BELLWIRE_REDIS_SERVER ?? "redis-server").catch(
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : String(error));
      process.exit(1);
    },
  );
  if (started) return started;
  console.error("No redis-server: `apt-get install redis-server`, or set REDIS_URL=redis://host:6379");
  process.exit(1);
}

/** Hubs drain first, while they can reach their engine; a second Ctrl-C does not wait. */
async function stop(code: number): Promise<void> {
  for (const hub of hubs) if (stopping) hub.kill();
  if (stopping) return;
  stopping = true;
  await Promise.all(hubs.map((hub) => hub.stop()));
  await balancer?.close();
  await redis?.stop();
  process.exit(code);
}
