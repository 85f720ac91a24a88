/**
 * The contenders that the benchmark knows, in the order of the tables, and how a process loads one.
 */
import { pathToFileURL } from "node:url";
import type { BenchmarkConfig } from "./config.ts";
import type { Contender } from "./contender.ts";
import { hasHostedAccount } from "./contenders/hosted-account.ts";
import { importModule, ownModule } from "./process/own-module.ts";

/**
 * A contender before it is loaded. Processes exchange the module's address, never the contender.
 */
export interface Entry {
  /** The name for `--wire`; a bare library beside a transport has the transport's. */
  readonly id: string;
  readonly module: string;
  /**
   * `--wire` chooses among the optional ones; the others always run, or there is nothing to compare
   * with.
   */
  readonly optional: boolean;
}

function entry(id: string, file: string, optional: boolean): Entry {
  return { id, module: ownModule(new URL(`./contenders/${file}.ts`, import.meta.url)).href, optional };
}

/**
 * All contenders that come with the benchmark. Hosted Pusher is among them only when the
 * environment names an account.
 */
export const CONTENDERS: readonly Entry[] = [
  entry("raw-ws-topics", "raw-ws-topics", false),
  entry("raw-ws-loop", "raw-ws-loop", false),
  entry("raw-socket", "raw-socket", false),
  entry("ws", "bellwire-ws", true),
  entry("sse", "raw-sse", true),
  entry("sse", "bellwire-sse", true),
  entry("sse", "bellwire-fallback", true),
  entry("socketio", "raw-socketio", true),
  entry("socketio", "bellwire-socketio", true),
  entry("polling", "raw-socketio-polling", true),
  entry("polling", "bellwire-socketio-polling", true),
  entry("pusher", "raw-pusher", true),
  entry("pusher", "bellwire-pusher", true),
  entry("redis", "bellwire-redis", true),
  entry("postgres", "bellwire-postgres", true),
  ...(hasHostedAccount() ? [entry("pusher", "hosted-pusher", true)] : []),
];

/** An entry for somebody's own contender: a module that exports `contender`. */
export function ownContender(file: string): Entry {
  return { id: file, module: pathToFileURL(file).href, optional: false };
}

/** An entry for the contender at this place of a configuration file. */
export function configuredContender(file: URL, place: number): Entry {
  return { id: `contenders[${place}]`, module: `${file.href}#${place}`, optional: false };
}

/** Loads a contender. Rejects when the module has none. */
export async function loadContender(module: string): Promise<Contender> {
  const { hash } = new URL(module);
  const found = await importModule(module.slice(0, module.length - hash.length));
  if (hash === "") {
    if (!found["contender"]) throw new Error(`${module}: exports no "contender"`);
    return found["contender"] as Contender;
  }
  const contender = (found["default"] as BenchmarkConfig | undefined)?.contenders?.[Number(hash.slice(1))];
  if (!contender) throw new Error(`${module}: has no such contender`);
  return contender;
}
