/**
 * One round: hubs over one engine, clients behind a balancer, a load, faults one after another, and
 * the ledger's judgement once everything is at rest.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type FaultProxy,
  type HeadEntry,
  judge,
  type PublishEntry,
  type Random,
  type RunLog,
  type SessionLog,
  startFaultProxy,
  until,
  type Verdict,
} from "@bellwire/core/conformance";
import { Balancer } from "./balancer.ts";
import type { Engine } from "./engine.ts";
import { type Damage, faultsOf, type Ground } from "./faults.ts";
import { Fleet } from "./fleet.ts";
import { HubNode } from "./hub-node.ts";
import type { Mistake } from "./mistakes.ts";

export interface RoundOptions {
  readonly engine: Engine;
  readonly random: Random;
  /** Names this round's keys. */
  readonly prefix: string;
  readonly hubs: number;
  readonly wires: readonly string[];
  /** Clients on each wire. */
  readonly clients: number;
  readonly topics: number;
  /** Publishes per second of each hub, and of all clients together. */
  readonly rate: number;
  /** Seconds of load and faults. */
  readonly seconds: number;
  /** Entries that a topic keeps. */
  readonly window: number;
  /** The faults to choose from, by name; absent: all. */
  readonly faults?: readonly string[] | undefined;
  readonly mistake?: Mistake | undefined;
  /** Milliseconds in which the clients have to come to rest. */
  readonly patience: number;
}

/** The outcome of a round. */
export interface RoundResult {
  readonly verdict: Verdict;
  /** Promises broken outside of the ledger, in words. */
  readonly broken: readonly string[];
  /** The faults that happened, in order. */
  readonly happened: readonly string[];
}

/** Milliseconds between two position checks of a hub. Leases follow from it. */
const POSITION_CHECK = 1_000;
/** Milliseconds after which a revocation must hold on every hub that reaches the engine. */
const REVOKED = 1_000;
/** Milliseconds in which a hub that was cut off hears of what it has missed. */
const HEARD = 5_000;
/** Milliseconds of load after the last revocation. */
const CALM = 1_500;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function runRound(options: RoundOptions): Promise<RoundResult> {
  const { engine, random, hubs, prefix } = options;
  const folder = mkdtempSync(join(tmpdir(), "bellwire-cluster-"));
  const proxies: FaultProxy[] = [];
  const nodes: HubNode[] = [];
  let balancer: Balancer | undefined;
  let fleet: Fleet | undefined;
  try {
    for (let n = 0; n < hubs; n++) {
      const proxy = await startFaultProxy({ target: engine.port, random: random.fork() });
      proxies.push(proxy);
      nodes.push(
        new HubNode({
          name: `hub${n}`,
          engine: engine.address(proxy.port),
          prefix,
          history: { size: options.window },
          positionCheck: POSITION_CHECK,
          log: join(folder, `hub${n}.log`),
          mistake: options.mistake,
        }),
      );
    }
    await Promise.all(nodes.map((node) => node.start()));
    balancer = await Balancer.start(() => nodes.map(({ port }) => port));
    const topics = Array.from({ length: options.topics }, (_, n) => `news.${n}`);
    fleet = new Fleet({ ...options, port: balancer.port, topics, room: "presence-room.a" });
    await fleet.ready();
    return await drive(options, { engine, prefix, topics, nodes, proxies, balancer, random }, fleet);
  } finally {
    fleet?.close();
    await Promise.all(nodes.map((node) => node.kill()));
    await balancer?.close();
    for (const proxy of proxies) await proxy.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function drive(options: RoundOptions, ground: Ground, fleet: Fleet): Promise<RoundResult> {
  const { nodes, topics } = ground;
  for (const node of nodes) node.load(topics, options.rate);
  fleet.load(options.rate);
  const early = revoke(ground, fleet, "-1");
  const damage: Damage = { window: options.window, epochs: false };
  const happened = await faultsOf(ground, fleet, damage, options.faults).during(options.seconds * 1_000);
  // A hub that was cut off or stopped could not hear of it any sooner.
  await pause(HEARD);
  for (const { log, topic } of await early) log.revoked(topic);
  const late = await revoke(ground, fleet, "-2");
  await pause(REVOKED);
  for (const { log, topic } of late) log.revoked(topic);
  await pause(CALM);
  await Promise.all([fleet.rest(), ...nodes.map((node) => node.rest())]);
  const run = await restingLog(ground, fleet, damage, options.patience);
  const verdict = judge(run);
  const broken = nodes.flatMap(({ name, uncaught }) => uncaught.map((text) => `${name}: ${text}`));
  for (const { entries, session } of run.sessions) {
    for (const entry of entries)
      if (entry.type === "gap" && entry.reason === "epoch" && !damage.epochs)
        broken.push(`${session}: a new epoch of ${entry.topic} although the engine lost nothing`);
  }
  await until(() => fleet.wrongRooms().length === 0, "the rooms", options.patience).catch(() => {
    broken.push(...fleet.wrongRooms());
  });
  if (verdict.delivered === 0) broken.push("nothing was delivered");
  return { verdict, broken, happened };
}

/**
 * Takes a topic from one client on each wire, through any hub. Gives those whose revocation has
 * resolved.
 */
async function revoke(
  { nodes, topics, random }: Ground,
  { members }: Fleet,
  ending: string,
): Promise<readonly { readonly log: SessionLog; readonly topic: string }[]> {
  const revoked = members
    .filter(({ name }) => name.endsWith(ending))
    .map(async ({ name: user, log }) => {
      const topic = random.pick(topics);
      for (const node of nodes) node.deny({ user, topic });
      await random.pick(nodes).revoke({ user, topic });
      return { log, topic };
    });
  const settled = await Promise.allSettled(revoked);
  // The others asked a hub that was killed before it answered.
  return settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}

/** Waits until every client stands at the engine's own heads, or hears nothing more. */
async function restingLog(
  { engine, prefix, nodes, topics }: Ground,
  { members, publishes }: Fleet,
  damage: Damage,
  patience: number,
): Promise<RunLog> {
  const heads: HeadEntry[] = [];
  for (const topic of topics)
    heads.push({ topic, position: await engine.head(prefix, topic), window: damage.window });
  const behind = (): readonly string[] =>
    members.flatMap(({ name, log }) =>
      Array.from(log.following)
        .filter(({ topic, position }) => {
          const head = heads.find((entry) => entry.topic === topic)?.position;
          return head && (position?.epoch !== head.epoch || position.offset < head.offset);
        })
        .map(({ topic }) => `${name} ${topic}`),
    );
  // The ledger reports those that do not catch up.
  await until(() => behind().length === 0, "every client to catch up", patience).catch(() => {});
  const fromHubs = nodes.flatMap((node) => publishEntries(node));
  return {
    publishes: [...fromHubs, ...publishes.entries],
    sessions: members.map(({ log }) => log),
    heads,
  };
}

/** The publishes of one node, from the log that outlived its processes. */
function publishEntries(node: HubNode): readonly PublishEntry[] {
  const entries = new Map<string, PublishEntry>();
  for (const line of node.log()) {
    if (line[0] === "attempt") {
      const [, topic, id, n] = line;
      entries.set(id, { topic, id, data: `{"n":${n}}`, acknowledged: false, position: null });
    } else {
      const [, id, epoch, offset] = line;
      const entry = entries.get(id);
      if (entry) entries.set(id, { ...entry, acknowledged: true, position: { epoch, offset } });
    }
  }
  return Array.from(entries.values());
}
