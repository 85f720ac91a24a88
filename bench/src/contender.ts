/**
 * What takes part in the benchmark: one way to bring notifications from a server process to a client process. A new
 * contender is one file that exports `contender`, and one line in registry.ts or `--contender file` on the command line.
 */
import type { LoadPlan } from "./wire/load-plan.ts";

/**
 * `wire`: Bellwire over a wire. `control`: a bare library and none of our code, which everything is compared with. `bare`: another bare
 * library, beside the wire on it. `floor`: what the public API allows at best.
 */
export type ContenderKind = "wire" | "control" | "bare" | "floor";

/** The parts of the benchmark; a contender names those it takes part in. */
export type ScenarioName = "replay" | "fan-out";

/** One notification as an application publishes it. */
export interface Notice {
  readonly topic: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The server half, running in the server process. */
export interface ServerHalf {
  readonly port: number;
  /** Publishes what is due in one turn of the event loop, in order. MUST NOT wait for the network. */
  readonly publish: (notices: readonly Notice[]) => void;
  /** Bytes that the server's sockets have handed to the operating system so far, closed ones included. */
  readonly bytesWritten: () => number;
  /** Publishes that failed so far; a count other than 0 fails the run. */
  readonly failures: () => number;
}

/** What one user's client is to do. */
export interface ClientOrder {
  readonly port: number;
  readonly topics: readonly string[];
  /** Called with each notification as the application would get it. */
  readonly received: (topic: string, data: unknown) => void;
  /** Called when the client says that something went wrong: a gap, an error, a lost connection. */
  readonly troubled: (what: string) => void;
}

/** A way to bring notifications to clients; its halves run in different processes. */
export interface Contender {
  /** What the tables call it. */
  readonly name: string;
  readonly kind: ContenderKind;
  readonly scenarios: readonly ScenarioName[];
  readonly serve: () => Promise<ServerHalf>;
  /** Connects a client as an application would; resolves when every topic is subscribed. */
  readonly connect: (order: ClientOrder) => Promise<void>;
  /** How a raw connection joins, for fan-out: the clients must be cheap enough to leave the server its core. */
  readonly load?: LoadPlan;
}

/** The topic and the event of the fan-out. Everything in it goes to everyone. */
export const FAN_OUT_TOPIC = "broadcast.all";
export const FAN_OUT_EVENT = "tick";
