/** The engines of the cluster: real servers, and the faults that each can have. */

import type { Position } from "@bellwire/core";
import type { Backplane } from "@bellwire/core/server";
import type { EngineAddress, HubSpec } from "./world.ts";

/** One running engine, as the driver sees it. */
export interface Engine {
  readonly name: string;
  /** The port of 127.0.0.1 on which it listens; the hubs reach it through proxies. */
  readonly port: number;
  address(port: number): EngineAddress;
  /** The faults that it can have, by name. Each resolves when the engine serves again. */
  readonly faults: Readonly<Record<string, EngineFault>>;
  /** The end of a topic's log, as the engine itself has it. */
  head(prefix: string, topic: string): Promise<Position>;
  stop(): Promise<void>;
}

/** One fault of an engine. */
export interface EngineFault {
  run(prefix: string, topics: readonly string[]): Promise<void>;
  /** It may cost nothing, the oldest entries, or the end of the log. */
  readonly loses: "nothing" | "oldest" | "log";
}

/** The backplane of a hub process. */
export async function openBackplane(
  { engine, prefix, history }: Pick<HubSpec, "engine" | "prefix" | "history">,
  onError: (error: unknown) => void,
): Promise<Backplane> {
  const { provider, url, trusted = false } = engine;
  const options = { prefix, history, trusted, onError, absent: "wait" } as const;
  if (provider === "redis") return (await import("@bellwire/backplane-redis")).redisFrom({ url, ...options });
  return (await import("@bellwire/backplane-postgres")).postgresFrom({ url, ...options });
}
