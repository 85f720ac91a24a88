/** The contenders that the benchmark knows, in the order of the tables, and how a process loads one. */
import { pathToFileURL } from "node:url";
import type { Contender } from "./contender.ts";

/** A contender before it is loaded. Processes exchange the module's address, never the contender. */
export interface Entry {
  /** What `--wire` calls it; the bare library beside a wire is called as the wire. */
  readonly id: string;
  readonly module: string;
  /** `--wire` chooses among the optional ones; the others always run, or there is nothing to compare with. */
  readonly optional: boolean;
}

function entry(id: string, file: string, optional: boolean): Entry {
  return { id, module: new URL(`./contenders/${file}.ts`, import.meta.url).href, optional };
}

/** All contenders that come with the benchmark. */
export const CONTENDERS: readonly Entry[] = [
  entry("raw-ws-topics", "raw-ws-topics", false),
  entry("raw-ws-loop", "raw-ws-loop", false),
  entry("raw-socket", "raw-socket", false),
  entry("ws", "bellwire-ws", true),
  entry("sse", "bellwire-sse", true),
  entry("socketio", "raw-socketio", true),
  entry("socketio", "bellwire-socketio", true),
  entry("pusher", "bellwire-pusher", true),
];

/** An entry for somebody's own contender: a module that exports `contender`. */
export function ownContender(file: string): Entry {
  return { id: file, module: pathToFileURL(file).href, optional: false };
}

/** Loads a contender. Rejects when the module has none. */
export async function loadContender(module: string): Promise<Contender> {
  const { contender } = (await import(module)) as { contender?: Contender };
  if (!contender) throw new Error(`${module}: exports no "contender"`);
  return contender;
}
