/** Signs of life of one link. Pure: time is an argument. */
import type { Limits } from "./limits.ts";

export class Liveness {
  readonly #limits: Pick<Limits, "pingInterval" | "pongTimeout">;
  #heardAt: number;
  #pingedAt: number;

  constructor(limits: Pick<Limits, "pingInterval" | "pongTimeout">, now: number) {
    this.#limits = limits;
    this.#heardAt = now;
    this.#pingedAt = now;
  }

  /** Milliseconds without a message after which a client treats the link as dead. */
  get idleTimeout(): number {
    return this.#limits.pingInterval + this.#limits.pongTimeout;
  }

  /** The peer has sent anything at all. */
  heard(now: number): void {
    this.#heardAt = now;
  }

  /** The link is ready: its first ping is due an interval from here. */
  begin(now: number): void {
    this.#heardAt = now;
    this.#pingedAt = now;
  }

  /** The next step: `ping` counts as done once it is answered with. Called about once a second. */
  beat(now: number): "ping" | "dead" | "wait" {
    const { pingInterval, pongTimeout } = this.#limits;
    const rest = now - this.#pingedAt;
    if (this.#heardAt < this.#pingedAt) return rest >= pongTimeout ? "dead" : "wait";
    if (rest < pingInterval) return "wait";
    this.#pingedAt = now;
    return "ping";
  }
}
