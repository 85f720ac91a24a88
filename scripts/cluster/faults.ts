/** The faults of a round: of hubs, of their way to the engine, of the engine, and of clients. */
import type { FaultProxy, Random } from "@bellwire/core/conformance";
import type { Balancer } from "./balancer.ts";
import type { Engine } from "./engine.ts";
import type { Fleet } from "./fleet.ts";
import type { HubNode } from "./hub-node.ts";

/** Everything that a fault can hit. */
export interface Ground {
  readonly engine: Engine;
  readonly prefix: string;
  readonly topics: readonly string[];
  readonly nodes: readonly HubNode[];
  /** The way of each node to the engine. */
  readonly proxies: readonly FaultProxy[];
  readonly balancer: Balancer;
  readonly random: Random;
}

/** The possible costs of a round's faults, for the ledger to excuse. */
export interface Damage {
  /** Newest entries that the log is known to have kept all the time. */
  window: number;
  /** Whether topics may have new epochs. */
  epochs: boolean;
}

export interface Faults {
  /** Runs faults, one after another, for so many milliseconds. Gives their names in order. */
  during(ms: number): Promise<readonly string[]>;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The faults of this ground; `chosen`: these alone. Each comes once before any comes again. */
export function faultsOf(ground: Ground, fleet: Fleet, damage: Damage, chosen?: readonly string[]): Faults {
  const { engine, random } = ground;
  const all: Record<string, () => Promise<void>> = { ...hubFaults(ground, fleet) };
  for (const [name, fault] of Object.entries(engine.faults)) {
    all[name] = async () => {
      if (fault.loses !== "nothing") damage.window = 0;
      if (fault.loses === "log") damage.epochs = true;
      await fault.run(ground.prefix, ground.topics);
    };
  }
  const names = chosen?.filter((name) => Object.hasOwn(all, name)) ?? Object.keys(all);
  return {
    async during(ms) {
      const happened: string[] = [];
      const end = performance.now() + ms;
      let bag: string[] = [];
      while (performance.now() < end) {
        await pause(Math.min(500 + random.int(1_500), Math.max(0, end - performance.now())));
        if (performance.now() >= end || names.length === 0) continue;
        if (bag.length === 0) bag = [...names];
        const [name = ""] = bag.splice(random.int(bag.length), 1);
        happened.push(name);
        await all[name]?.();
      }
      return happened;
    },
  };
}

function hubFaults(
  { nodes, proxies, balancer, random }: Ground,
  fleet: Fleet,
): Readonly<Record<string, () => Promise<void>>> {
  return {
    async "hub killed"() {
      const node = random.pick(nodes);
      await node.kill();
      // Clients of the dead hub that leave for good now can tell nobody.
      fleet.retire(node.name);
      await pause(random.int(1_000));
      await node.start();
    },
    async "hubs drained in turn"() {
      for (const node of nodes) {
        await node.terminate();
        await node.start();
      }
    },
    async "hub frozen"() {
      const node = random.pick(nodes);
      node.freeze();
      await pause(500 + random.int(2_000));
      node.thaw();
    },
    async partition() {
      const proxy = random.pick(proxies);
      const hard = random.chance(0.5);
      if (hard) {
        proxy.refuse(true);
        proxy.cutAll("reset");
      } else proxy.freeze();
      await pause(500 + random.int(3_000));
      proxy.refuse(false);
      proxy.heal();
    },
    async "clients cut"() {
      balancer.cutAll();
    },
  };
}
