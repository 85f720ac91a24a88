/** The connection for commands: scripts are run on a server that has been looked at. */
import { createHash } from "node:crypto";
import { BellwireError } from "@bellwire/core";
import type { Driver, Line, Reply } from "./drivers/line.ts";
import { factsOf } from "./facts.ts";
import { closedError, failureOf, isReplica, overloaded } from "./failures.ts";
import { LAYOUT, type Layout } from "./layout.ts";
import type { Settings } from "./options.ts";
import { APPEND, READ } from "./scripts.ts";
import { TooLong, Upkeep, within } from "./upkeep.ts";

const SCRIPTS = { append: APPEND, read: READ } as const;

/** The name of an engine that is trusted to lose nothing, whatever happens to it. */
const TRUSTED = "trusted";

const SHA: Readonly<Record<keyof typeof SCRIPTS, string>> = {
  append: shaOf(APPEND),
  read: shaOf(READ),
};

export class Engine {
  readonly layout: Layout;
  readonly settings: Settings;
  readonly #upkeep: Upkeep;
  /** The engine of each connection: a reply tells of the server that has given it. */
  readonly #engines: WeakMap<Line, string> = new WeakMap();
  #warned = false;

  /** `up` is called whenever a connection serves. */
  constructor(driver: Driver, layout: Layout, settings: Settings, up: () => void) {
    this.layout = layout;
    this.settings = settings;
    this.#upkeep = new Upkeep({ driver, settings, greet: (line) => this.#greet(line), up });
  }

  get closed(): boolean {
    return this.#upkeep.closed;
  }

  ready(): Promise<void> {
    return this.#upkeep.ready();
  }

  /**
   * Runs a script. The engine's id is its first argument. Rejects with `overloaded` or `closed`,
   * after the timeout at the latest.
   */
  async script(
    name: keyof typeof SCRIPTS,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<readonly Reply[]> {
    const rest = (line: Line): readonly string[] => [
      String(keys.length),
      ...keys,
      this.#engines.get(line) ?? "",
      ...args,
    ];
    const reply = await this.#run(async (line) => {
      try {
        return await line.call(["EVALSHA", SHA[name], ...rest(line)]);
      } catch (error) {
        // Somebody has emptied the cache of scripts; this one has not run.
        if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
        return line.call(["EVAL", SCRIPTS[name], ...rest(line)]);
      }
    });
    return reply as readonly Reply[];
  }

  async publish(channel: string, message: string): Promise<void> {
    await this.#run((line) => line.call(["PUBLISH", channel, message]));
  }

  /** Rejects with `overloaded` unless so many replicas have everything that was sent before. */
  async replicated(): Promise<void> {
    const { replicas, timeout } = this.settings;
    if (replicas === 0) return;
    const count = await this.#run((line) =>
      line.call(["WAIT", String(replicas), String(Math.ceil(timeout / 2))]),
    );
    if (Number(count) < replicas) throw overloaded("too few replicas of Redis have the notification");
  }

  close(): void {
    this.#upkeep.close();
  }

  async #run(send: (line: Line) => Promise<Reply>): Promise<Reply> {
    let line: Line | undefined;
    try {
      line = await this.#upkeep.line();
      return await within(this.settings.timeout, send(line));
    } catch (error) {
      if (this.closed) throw closedError();
      if (line && (error instanceof TooLong || isReplica(error))) this.#upkeep.drop(line);
      throw rejectionOf(error);
    }
  }

  async #greet(line: Line): Promise<void> {
    const info = await line.call(["INFO"]);
    const { engine, evicts } = factsOf(String(info));
    const { trusted, onError } = this.settings;
    const newest = await line.call(["GET", this.layout.version]);
    if (Number(newest ?? 0) > LAYOUT)
      throw new BellwireError(
        "invalid_option",
        `redisBackplane.prefix: must have a layout of at most ${LAYOUT}; a newer version of this package has used it`,
      );
    if (newest === null) await line.call(["SET", this.layout.version, String(LAYOUT), "NX"]);
    for (const script of Object.values(SCRIPTS)) await line.call(["SCRIPT", "LOAD", script]);
    this.#engines.set(line, trusted ? TRUSTED : engine);
    if (evicts === "noeviction" || evicts === "" || this.#warned) return;
    this.#warned = true;
    onError(
      new BellwireError(
        "invalid_option",
        `redisBackplane.client: must have maxmemory-policy noeviction; ${evicts} may evict notifications before their time`,
      ),
    );
  }
}

/** A call may be repeated, unless the backplane is closed: another configuration may come. */
function rejectionOf(error: unknown): BellwireError {
  const failure = failureOf(error);
  return failure.code === "invalid_option" ? overloaded(failure.message, failure) : failure;
}

function shaOf(script: string): string {
  return createHash("sha1").update(script).digest("hex");
}
