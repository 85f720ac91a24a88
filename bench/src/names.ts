/** Names that all parts of the benchmark share. This file imports nothing. */

/** The scenarios there are, in the order in which they run. */
export const SCENARIO_NAMES = [
  "latency",
  "fan-out",
  "many-topics",
  "throughput",
  "client-to-server",
  "connect-storm",
  "idle-memory",
  "reconnect",
  "reconnect-storm",
  "slow-consumer",
  "degraded-network",
  "blocked-websocket",
  "replay",
] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];

/**
 * `wire`: Bellwire over a wire. `control`: a bare library and none of our code, which everything is
 * compared with. `bare`: another bare library, beside the wire on it. `floor`: what the public API
 * allows at best.
 */
export const KINDS = ["wire", "control", "bare", "floor"] as const;
export type ContenderKind = (typeof KINDS)[number];

/** The choices of `--wire` that run by default. */
export const WIRES = ["ws", "sse", "socketio", "polling", "pusher"] as const;

/** Its other choices, beside `none`: WebSocket on a hub over an engine of this machine. */
export const ENGINES = ["redis", "postgres"] as const;
export type EngineName = (typeof ENGINES)[number];

export type Wire = (typeof WIRES)[number] | EngineName;
