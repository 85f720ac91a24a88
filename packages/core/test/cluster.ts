/** Several hubs on one engine, on one clock, with a broker that a test can make bad. */
import { BellwireError } from "@bellwire/core";
import { type Random, seededRandom, settle, VirtualClock } from "@bellwire/core/conformance";
import { type Backplane, type HubOptions, type Identity, memoryBackplane } from "@bellwire/core/server";
import { type Peer, type Topics, World } from "./world.ts";

/** The hub's own way to the engine. */
export interface Way {
  /** The part of volatile messages that gets lost between the engine and this hub. */
  loss: number;
  /** Calls reject, hang, or work. */
  engine: "works" | "refuses" | "hangs";
  /** Nothing that this hub spreads arrives anywhere, as when its process is dead. */
  dead: boolean;
  /** Calls of each method so far. */
  readonly calls: Record<"append" | "spread" | "listen" | "read", number>;
}

export class Cluster {
  readonly clock: VirtualClock = new VirtualClock();
  readonly #shared: Backplane = memoryBackplane({ clock: this.clock });
  readonly #random: Random;
  readonly #worlds: World[] = [];
  readonly #ways: Way[] = [];

  constructor(seed = 20_261_128) {
    this.#random = seededRandom(seed);
  }

  /** A hub with its way to the engine. */
  hub(options: Partial<HubOptions<Topics, Identity>> = {}): { world: World; way: Way } {
    const way: Way = {
      loss: 0,
      engine: "works",
      dead: false,
      calls: { append: 0, spread: 0, listen: 0, read: 0 },
    };
    this.#ways.push(way);
    const world = new World({
      clock: this.clock,
      backplane: this.#backplane(way),
      authenticate: ({ token }) => (token === undefined ? {} : { user: token, info: { of: token } }),
      authorize: () => true,
      ...options,
      // Peers made by hand do not answer pings.
      limits: { pingInterval: 100_000_000, ...options.limits },
    });
    this.#worlds.push(world);
    return { world, way };
  }

  /** Hubs that know each other. */
  async hubs(count: number, options: Partial<HubOptions<Topics, Identity>> = {}) {
    const made = Array.from({ length: count }, () => this.hub(options));
    await settle();
    await this.clock.advance(500);
    return made as [{ world: World; way: Way }, { world: World; way: Way }, { world: World; way: Way }];
  }

  async dispose(): Promise<void> {
    for (const way of this.#ways) way.engine = "works";
    await Promise.all(this.#worlds.map((world) => world.dispose()));
  }

  #backplane(way: Way): Backplane {
    const shared = this.#shared;
    const call = <T>(method: keyof Way["calls"], work: () => Promise<T>): Promise<T> => {
      way.calls[method] += 1;
      if (way.engine === "refuses")
        return Promise.reject(new BellwireError("overloaded", "no engine", { retryAfter: 1_000 }));
      return way.engine === "hangs" ? new Promise(() => {}) : work();
    };
    return {
      append: (topic, entry) => call("append", () => shared.append(topic, entry)),
      spread: (topic, entry) =>
        call("spread", async () => {
          if (!way.dead) await shared.spread(topic, entry);
        }),
      listen: (topic, listener) =>
        call("listen", () =>
          shared.listen(topic, (epoch, entry) => {
            if (way.engine !== "works") return;
            if (entry.offset > 0 || !this.#random.chance(way.loss)) listener(epoch, entry);
          }),
        ),
      read: (topic, after, limit, before) => call("read", () => shared.read(topic, after, limit, before)),
      close: async () => {},
    };
  }
}

export const ROOM = "presence-room.x";

/** A link of the user that is subscribed to the topic. */
export async function subscribed(at: World, user: string, topic: string = ROOM): Promise<Peer> {
  const peer = await at.welcomed(user, `the-session-of-${user}`);
  await peer.say({ type: "subscribe", ref: 1, topic });
  return peer;
}

/** Lets messages between hubs arrive. */
export async function arrive(): Promise<void> {
  for (let round = 0; round < 5; round += 1) await settle();
}

/** The ids of those who are present, in order. */
export function present(at: World): readonly string[] {
  return at.hub
    .members(ROOM)
    .map(({ id }) => id)
    .toSorted();
}
