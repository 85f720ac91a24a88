/** The facts that a server tells of itself when a connection begins. Pure. */
import { overloaded, refusal } from "./failures.ts";

/** The oldest version that is supported. */
const OLDEST = "6.2";

/** A server as `INFO` describes it. */
export interface Facts {
  /**
   * Names this run of this server in this role. Another name means that acknowledged writes may be
   * lost.
   */
  readonly engine: string;
  /** The policy that evicts keys when the memory is full. */
  readonly evicts: string;
}

/** Throws for a server that cannot be used, now or ever. */
export function factsOf(info: string): Facts {
  const values = new Map(
    info.split(/\r?\n/).map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at), line.slice(at + 1)] as const;
    }),
  );
  const of = (name: string): string => values.get(name) ?? "";
  if (of("redis_mode") === "cluster") throw refusal("client: must be of a server outside a cluster");
  const [major = 0, minor = 0] = of("redis_version").split(".").map(Number);
  if (major < 6 || (major === 6 && minor < 2)) throw refusal(`client: must be of Redis ${OLDEST} or later`);
  if (of("loading") === "1") throw overloaded("Redis is loading its data");
  if (of("role") !== "master") throw overloaded("Redis is a read-only replica");
  return { engine: `${of("run_id")}:${of("master_replid")}`, evicts: of("maxmemory_policy") };
}
