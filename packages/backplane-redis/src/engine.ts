/** The connection for commands: scripts are run on a server that has been looked at. */
import { createHash } from "node:crypto";
import { BellwireError } from "@bellwire/core";
import type { Driver, Line, Reply } from "./drivers/line.ts";
import { type Facts, factsOf } from "./facts.ts";
import { failureOf, isForeign, isReplica, overloaded, refusal } from "./failures.ts";
import { LAYOUT, type Layout } from "./layout.ts";
import type { Settings } from "./options.ts";
import { BATCH, READ } from "./scripts.ts";
import { Upkeep } from "./upkeep.ts";

const SCRIPTS = { batch: BATCH, read: READ } as const;

const SHA: Readonly<Record<keyof typeof SCRIPTS, string>> = {
  batch: shaOf(BATCH),
  read: shaOf(READ),
};

/** The name of an engine that is trusted to lose nothing, whatever happens to it. */
const TRUSTED = "trusted";

/** Milliseconds between two looks at the server of a connection, at most. */
const LOOK = 2_000;

export class Engine {
  readonly #layout: Layout;
  readonly #settings: Settings;
  readonly #upkeep: Upkeep;
  /** The engine of each connection: a reply tells of the server that has given it. */
  readonly #engines: WeakMap<Line, string> = new WeakMap();
  #look: NodeJS.Timeout | undefined;
  #warned = false;

  /** `restored` is called when another connection serves than the one that was lost. */
  constructor(driver: Driver, layout: Layout, settings: Settings, restored: () => void) {
    this.#layout = layout;
    this.#settings = settings;
    this.#upkeep = new Upkeep({
      driver,
      settings,
      greet: (line) => this.#greet(line),
      up: (again) => again && restored(),
    });
  }

  ready(): Promise<void> {
    return this.#upkeep.ready();
  }

  /** Runs `BATCH`, whose replies are texts. The engine's id is its first argument. */
  batch(keys: readonly string[], args: readonly string[]): Promise<readonly string[]> {
    return this.#run(async (line) => {
      const replies = (await this.#script(line, "batch", keys, args)).map(String);
      // A server that has become a replica has carried out none of them.
      const error = replies.map(errorOf).find(isReplica);
      if (error) throw error;
      return replies;
    });
  }

  /** Runs `READ` on the keys of a topic. The engine's id is its first argument. */
  read(keys: readonly string[], args: readonly string[]): Promise<readonly Reply[]> {
    return this.#run(async (line) => {
      try {
        return await this.#script(line, "read", keys, args);
      } catch (error) {
        throw isForeign(error) ? foreignError(keys) : error;
      }
    });
  }

  /** The error that a reply of `batch` has for an append to a topic. */
  failureOf(reply: string, topic: string): unknown {
    const error = errorOf(reply);
    if (!error) return undefined;
    return isForeign(error) ? foreignError(this.#layout.keys(topic)) : passing(failureOf(error));
  }

  async publish(channel: string, message: string): Promise<void> {
    await this.#run((line) => line.call(["PUBLISH", channel, message]));
  }

  /** Rejects with `overloaded` unless so many replicas have everything that was sent before. */
  async replicated(): Promise<void> {
    const { replicas, timeout } = this.#settings;
    const count = await this.#run((line) =>
      line.call(["WAIT", String(replicas), String(Math.ceil(timeout / 2))]),
    );
    if (Number(count) < replicas) throw overloaded("too few replicas of Redis have the notification");
  }

  close(): void {
    clearTimeout(this.#look);
    this.#upkeep.close();
  }

  async #run<T>(send: (line: Line) => Promise<T>): Promise<T> {
    try {
      return await this.#upkeep.run(send);
    } catch (error) {
      throw passing(error);
    }
  }

  async #script(
    line: Line,
    name: keyof typeof SCRIPTS,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<readonly Reply[]> {
    const rest = [String(keys.length), ...keys, this.#engines.get(line) ?? "", ...args];
    try {
      return (await line.call(["EVALSHA", SHA[name], ...rest])) as readonly Reply[];
    } catch (error) {
      // Somebody has emptied the cache of scripts; this one has not run.
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return (await line.call(["EVAL", SCRIPTS[name], ...rest])) as readonly Reply[];
    }
  }

  async #greet(line: Line): Promise<void> {
    const { trusted } = this.#settings;
    const facts = factsOf(String(await line.call(["INFO"])));
    this.#warn(facts);
    await this.#greetLayout(line);
    for (const script of Object.values(SCRIPTS)) await line.call(["SCRIPT", "LOAD", script]);
    this.#engines.set(line, trusted ? TRUSTED : facts.engine);
    this.#lookAgain(line, facts.engine);
  }

  async #greetLayout(line: Line): Promise<void> {
    const key = this.#layout.version;
    const newest = await line.call(["GET", key]);
    if (newest === null) return void (await line.call(["SET", key, String(LAYOUT), "NX"]));
    if (!/^\d+$/.test(String(newest))) throw refusal(`prefix: must not have ${key} of another program`);
    if (Number(newest) > LAYOUT)
      throw refusal(
        `prefix: must have a layout of at most ${LAYOUT}; a newer version of this package has used it`,
      );
  }

  /** A server may become a replica, and a primary again, without closing its connections. */
  #lookAgain(line: Line, engine: string): void {
    clearTimeout(this.#look);
    this.#look = setTimeout(
      () => {
        const look = async (current: Line): Promise<void> => {
          // Another connection has its own looks.
          if (current !== line) return;
          if (factsOf(String(await line.call(["INFO"]))).engine !== engine)
            throw overloaded("Redis has had another role");
          this.#lookAgain(line, engine);
        };
        this.#upkeep.run(look).catch(() => this.#upkeep.drop(line));
      },
      Math.min(LOOK, this.#settings.timeout),
    );
    this.#look.unref();
  }

  #warn({ evicts }: Facts): void {
    if (evicts === "noeviction" || evicts === "" || this.#warned) return;
    this.#warned = true;
    this.#settings.onError(
      refusal(
        `client: must have maxmemory-policy noeviction; ${evicts} may evict notifications before their time`,
      ),
    );
  }
}

/** A call may be repeated where only another configuration helps, since that may come. */
function passing(error: unknown): unknown {
  return error instanceof BellwireError && error.code === "invalid_option"
    ? overloaded(error.message)
    : error;
}

/** The error in a reply of `BATCH`. A position has no space at its start. */
function errorOf(reply: string): Error | undefined {
  return reply.startsWith(" ") ? new Error(reply.slice(1)) : undefined;
}

/** Names the keys of a topic: those of the numbering and of the log. */
export function foreignError([meta = "", log = ""]: readonly string[]): BellwireError {
  return new BellwireError("internal", `another program has written ${meta} or ${log}: delete both keys`);
}

function shaOf(script: string): string {
  return createHash("sha1").update(script).digest("hex");
}
