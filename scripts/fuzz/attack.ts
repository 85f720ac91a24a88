/** Runs attacks on one wire, some at a time, until so many inputs have left. */
import { seededRandom } from "@bellwire/core/conformance";
import { attackHosted } from "./attack-hosted.ts";
import { attackPusher } from "./attack-pusher.ts";
import { attackSocketIo } from "./attack-socketio.ts";
import { attackSse } from "./attack-sse.ts";
import { attackWebSocket } from "./attack-ws.ts";
import { Scene, type Tally } from "./peer.ts";
import type { Target } from "./target.ts";
import type { Attacked } from "./world.ts";

/** Attacks at a time. Each has one connection, or a few where the wire needs several. */
const AT_A_TIME = 32;
/** Milliseconds after which an attack is over, whatever it is waiting for. */
const LONGEST = 5_000;

const attacks: Readonly<Record<Attacked, (scene: Scene) => Promise<void>>> = {
  ws: attackWebSocket,
  sse: attackSse,
  socketio: attackSocketIo,
  pusher: attackPusher,
  hosted: attackHosted,
};

/** The plan of an attack on a hub. */
export interface Plan {
  readonly wire: Attacked;
  readonly seed: number;
  readonly count: number;
  /** The number of the first attack; each depends on the seed and its own number alone. */
  readonly from: number;
  readonly quick: boolean;
  /** Milliseconds after the last attacker within which every link has to be gone. */
  readonly patience: number;
}

/** A run of attacks that is under way or over. */
export class Campaign {
  readonly plan: Plan;
  readonly tally: Tally = { inputs: 0, connections: 0, reached: {}, said: [] };
  /** Numbers of the attacks that have not ended yet. */
  readonly under: Set<number> = new Set();
  readonly #target: Target;
  #next: number;

  constructor(plan: Plan, target: Target) {
    this.plan = plan;
    this.#target = target;
    this.#next = plan.from;
  }

  /**
   * Attacks until enough inputs have left, or the target is dead. Rejects only when an attack
   * itself is at fault.
   */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: AT_A_TIME }, () => this.#work()));
  }

  async #work(): Promise<void> {
    while (this.tally.inputs < this.plan.count && this.#target.ended === undefined) {
      const number = this.#next;
      this.#next += 1;
      this.under.add(number);
      await this.#attack(number);
      this.under.delete(number);
    }
  }

  async #attack(number: number): Promise<void> {
    const { wire, seed, quick } = this.plan;
    // The golden ratio keeps the streams of neighbouring numbers apart.
    const random = seededRandom((seed + Math.imul(number, 0x9e3779b1)) | 0).fork();
    const scene = new Scene(this.#target.ports, random, this.tally, quick);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LONGEST);
    });
    await Promise.race([attacks[wire](scene), late]);
    clearTimeout(timer);
    await scene.end();
  }
}
