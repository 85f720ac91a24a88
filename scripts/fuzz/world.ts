/**
 * The shared knowledge of the hub under attack and its attackers: names, tokens, secrets, and the
 * requests between the processes.
 */
import { conflated, defineTopics, type, volatile } from "@bellwire/core";

/** The wires of the neighbours. */
export const WIRES = ["ws", "sse", "socketio", "pusher"] as const;
export type Wire = (typeof WIRES)[number];
/** The targets: every transport, and the routes beside hosted Pusher. */
export const ATTACKED = [...WIRES, "hosted"] as const;
export type Attacked = (typeof ATTACKED)[number];

export const topics = defineTopics({
  "neighbours.{name}": { tick: type<{ readonly n: number }>() },
  "news.{name}": { said: type<unknown>(), typing: volatile(type<unknown>()), ask: type<unknown>() },
  "scores.{game}": { now: conflated(type<unknown>()) },
  "cache-news.{name}": { said: type<unknown>() },
  "grid.{a}-{b}-{c}-{d}-{e}": { said: type<unknown>() },
  "private-orders.{user}": { said: type<unknown>(), "client-typing": volatile(type<unknown>()) },
  "presence-room.{name}": { said: type<unknown>(), "client-typing": volatile(type<unknown>()) },
});
export type FuzzTopics = typeof topics.map;

/** Where the numbered stream goes that every neighbour has to hear without a hole. */
export const NEIGHBOURS = "neighbours.all";
/** The token of a neighbour; no attacker knows it. */
export const NEIGHBOUR_TOKEN = "neighbour-4f1d2a";
/** Begins every token of an attacker. Nothing that the hub says may contain it. */
export const TOKEN_MARK = "secret-token-";

/** The app of the emulator. Its secret may not come back either. */
export const APP = { id: "1", key: "fuzz-key", secret: "fuzz-secret-93c1" } as const;

/**
 * Topics that attackers may publish to: few, so that histories stay small and growth of the heap
 * means a leak.
 */
export const OPEN_TOPICS = [
  "news.a",
  "news.b",
  "news.toString",
  "scores.chess",
  "cache-news.a",
  "grid.1-2-3-4-5",
  "private-orders.1",
  "presence-room.a",
] as const;

/**
 * The endpoints of one process: `open` has high limits, so that the code behind them is reached;
 * `guarded` has the defaults.
 */
export type Endpoints = "open" | "guarded";
export const ENDPOINTS: readonly Endpoints[] = ["open", "guarded"];

/**
 * How often something happened at the hub's side, by a name such as `message` or `close malformed`.
 */
export type Counts = Readonly<Record<string, number>>;

/** How the process of the hub stands. */
export interface Sample {
  /** Bytes in use after a collection, those of buffers included. */
  readonly heap: number;
  /** Links of both hubs. */
  readonly links: number;
  /** TCP connections of both servers. */
  readonly connections: number;
  /**
   * The longest that the event loop was late since the last sample, and its 99th percentile, in
   * milliseconds.
   */
  readonly stall: number;
  readonly stallP99: number;
  /** The most processor time that one turn of the loop took since then, in milliseconds. */
  readonly busy: number;
  /** The last numbers of the streams. */
  readonly published: number;
  readonly counts: Counts;
}

/**
 * Mistakes that a hub's process makes on purpose, so that a run can show that it would find them:
 * an error that nobody catches, links that are not told of their end, a number that a stream leaves
 * out, memory that is not given back.
 */
export const FAULTS = ["throw", "keep", "skip", "hoard"] as const;
export type Fault = (typeof FAULTS)[number];

/**
 * From the attackers. `sample` and `still` are answered; `still` stops the numbered streams first,
 * `flow` starts them.
 */
export interface Ask {
  readonly ask: "sample" | "still" | "flow";
}

/** From the hub's process. */
export type Tell =
  | { readonly tell: "ports"; readonly ports: Readonly<Record<Endpoints, number>> }
  | { readonly tell: "sample"; readonly sample: Sample }
  | { readonly tell: "uncaught"; readonly kind: string; readonly text: string };
