/**
 * One hub of the cluster, in a process of its own: every transport on one port, and a load of
 * publishes whose log survives the process.
 */
import { openSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { attachPusher } from "@bellwire/adapter-pusher/server";
import { attachSocketIo } from "@bellwire/adapter-socketio/server";
import { attachSse } from "@bellwire/adapter-sse/server";
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { isBellwireError } from "@bellwire/core";
import { createHub } from "@bellwire/core/server";
import { openBackplane } from "./engine.ts";
import { mistaken } from "./mistakes.ts";
import {
  APP,
  type Ask,
  type Denied,
  type HubSpec,
  type LogLine,
  type Numbered,
  type Tell,
  topics,
} from "./world.ts";

/** Milliseconds between two bursts of the load. */
const TICK = 20;
/** Milliseconds after which a refused publish is tried again, unless the hub says another time. */
const AGAIN = 200;
const MANY = 1_000_000;

const spec = JSON.parse(process.argv[2] ?? "{}") as HubSpec;
const log = openSync(spec.log, "a");
const tell = (message: Tell): void => void process.send?.(message);
const uncaught = (error: unknown): void =>
  tell({ tell: "uncaught", text: error instanceof Error ? (error.stack ?? error.message) : String(error) });
process.on("uncaughtException", uncaught);
process.on("unhandledRejection", uncaught);
process.on("disconnect", () => process.exit());

/** Errors with a code are for the application; any other is a mistake of ours. */
const failed = (error: unknown): void => {
  if (!isBellwireError(error)) uncaught(error);
};

const denied = new Set(spec.denied?.map(({ user, topic }) => `${user} ${topic}`));
const backplane = mistaken(spec.mistake, await openBackplane(spec, failed));
const hub = createHub({
  topics,
  authenticate: ({ token }) => (token === undefined ? {} : { user: token, info: { hub: spec.name } }),
  authorize: ({ identity, topic }) => !denied.has(`${identity.user} ${topic}`),
  backplane,
  limits: { positionCheck: spec.positionCheck, links: MANY, linkRate: MANY, subscribeRate: MANY },
  onError: failed,
});
const server = createServer();
attachWebSocket(hub, server);
attachSse(hub, server);
attachSocketIo(hub, server);
attachPusher(hub, server, { app: APP });

let stopLoad = (): void => {};
const underWay = new Set<Promise<void>>();

process.on("message", (message: Ask) => {
  if (message.ask === "load") load(message.topics, message.rate);
  else if (message.ask === "rest") void rest();
  else if (message.ask === "deny") denied.add(`${message.user} ${message.topic}`);
  else void revoke(message);
});
process.once("SIGTERM", () => void leave());
server.listen(0, "127.0.0.1", () => tell({ tell: "ready", port: (server.address() as AddressInfo).port }));

function load(names: readonly string[], rate: number): void {
  const began = performance.now();
  let count = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1_000) * rate);
    const lines: LogLine[] = [];
    const fresh: (readonly [topic: string, id: string, n: number])[] = [];
    // A process that was stopped for a while does not catch up at once.
    for (const most = count + rate; count < due && count < most; ) {
      const n = ++count;
      const publish = [names[n % names.length] ?? "", `${spec.name}-${process.pid}-${n}`, n] as const;
      lines.push(["attempt", ...publish]);
      fresh.push(publish);
    }
    write(lines);
    for (const publish of fresh) {
      const work: Promise<void> = publishUntilTaken(...publish).finally(() => underWay.delete(work));
      underWay.add(work);
    }
  }, TICK);
  stopLoad = () => clearInterval(timer);
}

async function publishUntilTaken(topic: string, id: string, n: number): Promise<void> {
  const data: Numbered = { n };
  for (;;) {
    try {
      const position = await hub.publish(topic as "news.x", "said", data, { id });
      if (position) write([["acknowledged", id, position.epoch, position.offset]]);
      return;
    } catch (error) {
      if (!isBellwireError(error)) return uncaught(error);
      if (!error.retryable) return;
      await new Promise((resolve) => setTimeout(resolve, error.retryAfter ?? AGAIN));
    }
  }
}

function write(lines: readonly LogLine[]): void {
  if (lines.length > 0) writeSync(log, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

/** Resolves once the engine has taken it for the other hubs. */
async function revoke({ user, topic }: Denied): Promise<void> {
  for (;;) {
    try {
      await hub.revoke(user, topic as "news.x");
      return tell({ tell: "revoked" });
    } catch (error) {
      failed(error);
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
  }
}

async function rest(): Promise<void> {
  stopLoad();
  while (underWay.size > 0) await Promise.all(underWay);
  tell({ tell: "rested" });
}

/** Drains: what is under way gets its answer, and every client a time to come back. */
async function leave(): Promise<void> {
  stopLoad();
  await hub.close({ flush: 2_000, spread: 500 });
  await backplane.close();
  process.exit();
}
