/**
 * The fan-out: what one delivery costs the server process when everything goes to everyone, against
 * the usual loop.
 */

import type { ContenderKind } from "../../names.ts";
import type { Half } from "../../process/child.ts";
import type { Entrant, Pair, Stage } from "../../scenario.ts";
import type * as clientHalf from "./client-half.ts";
import type { Tally } from "./client-half.ts";
import type * as serverHalf from "./server-half.ts";
import type { SliceOrder } from "./server-half.ts";

type ServerModule = typeof serverHalf;
type ClientModule = typeof clientHalf;

/** The kinds of slices: how many notifications share a turn of the event loop. */
export const BURSTS = [1, 8] as const;
export type Burst = (typeof BURSTS)[number];

/** How large the fan-out is and how long it is measured. */
export interface FanOutPlan {
  readonly subscribers: number;
  readonly rounds: number;
  /**
   * The processes are started anew so many times: where one's memory happens to lie is good for
   * some percent all its life.
   */
  readonly starts: number;
  readonly slices: Readonly<Record<Burst, SlicePlan>>;
}

/** One kind of slice. */
export interface SlicePlan extends Omit<SliceOrder, "burst"> {
  /**
   * It is measured in every so-manieth round: where ratios are far from their bars, fewer rounds
   * will do.
   */
  readonly every: number;
}

/** One measured slice. */
export interface SliceResult {
  readonly round: number;
  readonly burst: Burst;
  readonly deliveries: number;
  /** Microseconds per delivery. */
  readonly serverCpu: number;
  readonly clientCpu: number;
  /** Bytes per delivery at the server's sockets. */
  readonly bytes: number;
}

/** One contender over all rounds. */
export interface FanOutResult {
  readonly name: string;
  readonly kind: ContenderKind;
  /** The second one of the control, against which the first shows what the machine's noise does. */
  readonly again: boolean;
  readonly slices: readonly SliceResult[];
  readonly expected: number;
  readonly lost: number;
  readonly doubled: number;
  readonly troubles: readonly string[];
  readonly failures: number;
}

class Runner {
  readonly name: string;
  readonly #kind: ContenderKind;
  readonly #again: boolean;
  readonly #subscribers: number;
  readonly #pair: Pair;
  readonly #server: Half<ServerModule>;
  readonly #clients: Half<ClientModule>;
  readonly #slices: SliceResult[] = [];
  #tally: Tally | undefined;
  #published = 0;

  private constructor(
    place: Place,
    subscribers: number,
    pair: Pair,
    server: Half<ServerModule>,
    clients: Half<ClientModule>,
  ) {
    this.name = place.name;
    this.#kind = place.entrant.contender.kind;
    this.#again = place.again;
    this.#subscribers = subscribers;
    this.#pair = pair;
    this.#server = server;
    this.#clients = clients;
  }

  /** Serves the contender and connects its subscribers, in processes of its own. */
  static async start(place: Place, subscribers: number, pair: Pair): Promise<Runner> {
    const [server, clients] = await Promise.all([
      pair.server.become<ServerModule>(new URL("./server-half.ts", import.meta.url)),
      pair.clients.become<ClientModule>(new URL("./client-half.ts", import.meta.url)),
    ]);
    const { module } = place.entrant;
    await clients.ask("connect", module, await server.ask("serve", module), subscribers);
    return new Runner(place, subscribers, pair, server, clients);
  }

  async slice(round: number, burst: Burst, { leadIn, ticks }: SlicePlan): Promise<void> {
    // Once something is lost the figures are worth nothing, and every further slice would wait for
    // what does not come.
    if (this.#tally && this.#tally.lost > 0) return;
    await this.#clients.ask("begin");
    const { cpu, notifications, published, bytes } = await this.#server.ask("slice", {
      leadIn,
      ticks,
      burst,
    });
    this.#tally = await this.#clients.ask("settle", published);
    const deliveries = notifications * this.#subscribers;
    const all = (published - this.#published) * this.#subscribers;
    this.#published = published;
    this.#slices.push({
      round,
      burst,
      deliveries,
      serverCpu: cpu / deliveries,
      clientCpu: this.#tally.cpu / all,
      bytes: bytes / deliveries,
    });
  }

  async startProfile(): Promise<void> {
    await this.#server.ask("startProfile");
  }

  /**
   * Ends the processes. With a folder, the profile that was started goes there, named after the
   * contender.
   */
  async finish(folder: string | undefined): Promise<FanOutResult> {
    const file = `${this.name.replace(/[^A-Za-z0-9]+/g, "-")}.cpuprofile`;
    if (folder !== undefined) await this.#server.ask("writeProfile", folder, file);
    const failures = await this.#server.ask("failures");
    await Promise.all([this.#pair.clients.stop(), this.#pair.server.stop()]);
    return {
      name: this.name,
      kind: this.#kind,
      again: this.#again,
      slices: this.#slices,
      expected: this.#published * this.#subscribers,
      lost: this.#tally?.lost ?? 0,
      doubled: this.#tally?.doubled ?? 0,
      troubles: this.#tally?.troubles ?? [],
      failures,
    };
  }
}

/** An entrant's place in the table; the control has two. */
export interface Place {
  readonly entrant: Entrant;
  readonly name: string;
  readonly again: boolean;
}

/** The places of the table, in its order. */
export function placesOf(entrants: readonly Entrant[]): Place[] {
  return entrants.flatMap((entrant): Place[] => {
    const { name, kind } = entrant.contender;
    const first = { entrant, name, again: false };
    return kind === "control" ? [first, { entrant, name: `${name}, again (A/A)`, again: true }] : [first];
  });
}

/**
 * Runs the fan-out. Every contender has a server process and a client process of its own, which
 * wait while others are measured; in every round the order is drawn anew. Slices are short and
 * rounds many, as a machine's disturbances last seconds: what is compared is measured within one.
 * The control takes part twice. One result for each place, in their order.
 */
export async function fanOut(
  plan: FanOutPlan,
  places: readonly Place[],
  stage: Stage,
): Promise<FanOutResult[]> {
  const { random, progress, cpuProfile } = stage;
  const starts = Math.min(plan.starts, plan.rounds);
  progress.begin("fan-out", starts + slicesOf(plan));
  const results: FanOutResult[][] = [];
  for (let start = 0; start < starts; start += 1) {
    progress.step(`connecting ${plan.subscribers} subscribers to each of ${places.length}`);
    const runners = await Promise.all(
      places.map((place) => Runner.start(place, plan.subscribers, stage.freshPair(place.entrant))),
    );
    if (cpuProfile !== undefined) await Promise.all(runners.map((runner) => runner.startProfile()));
    const last = Math.round((plan.rounds * (start + 1)) / starts);
    for (let round = Math.round((plan.rounds * start) / starts) + 1; round <= last; round += 1) {
      const due = BURSTS.filter((burst) => (round - 1) % plan.slices[burst].every === 0);
      for (const burst of random.shuffled(due)) {
        progress.step(`${burst} per tick, round ${round} of ${plan.rounds}`);
        for (const runner of random.shuffled(runners)) await runner.slice(round, burst, plan.slices[burst]);
      }
    }
    results.push(await Promise.all(runners.map((runner) => runner.finish(cpuProfile))));
  }
  return joinStarts(results);
}

/** One result for each contender, over all starts of its processes. */
export function joinStarts(starts: readonly (readonly FanOutResult[])[]): FanOutResult[] {
  const [first = [], ...later] = starts;
  return first.map((result, index) => {
    const all = [result, ...later.flatMap((results) => results[index] ?? [])];
    const sum = (of: (one: FanOutResult) => number): number => all.reduce((total, one) => total + of(one), 0);
    return {
      ...result,
      slices: all.flatMap(({ slices }) => slices),
      expected: sum(({ expected }) => expected),
      lost: sum(({ lost }) => lost),
      doubled: sum(({ doubled }) => doubled),
      failures: sum(({ failures }) => failures),
      troubles: all.flatMap(({ troubles }) => troubles),
    };
  });
}

function slicesOf({ rounds, slices }: FanOutPlan): number {
  return BURSTS.reduce((sum, burst) => sum + Math.ceil(rounds / slices[burst].every), 0);
}
