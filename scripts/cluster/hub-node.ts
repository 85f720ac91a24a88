/** One hub process as the driver sees it. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Ask, Denied, HubSpec, LogLine, Tell } from "./world.ts";

/** Milliseconds for a hub to come to listen, or to leave after SIGTERM. */
const PATIENCE = 60_000;

export class HubNode {
  readonly name: string;
  /** Errors that nothing caught, in the process's own words. */
  readonly uncaught: string[] = [];
  readonly #spec: HubSpec;
  #child: ChildProcess | undefined;
  #port = 0;
  readonly #denied: Denied[] = [];
  #load: Extract<Ask, { ask: "load" }> | undefined;

  constructor(spec: HubSpec) {
    this.name = spec.name;
    this.#spec = spec;
  }

  /** The port that its process listens on: another one after each restart. */
  get port(): number {
    return this.#port;
  }

  /** Starts the process, and its load if it had one before. */
  async start(): Promise<void> {
    const file = fileURLToPath(new URL("hub-process.ts", import.meta.url));
    const child = fork(file, [JSON.stringify({ ...this.#spec, denied: this.#denied })], {
      execArgv: ["--import", "tsx/esm", "-C", "@bellwire/source"],
    });
    this.#child = child;
    child.on("message", (message: Tell) => {
      if (message.tell === "uncaught") this.uncaught.push(message.text);
    });
    const ready = await this.#hear("ready");
    this.#port = ready.port;
    if (this.#load) this.#ask(this.#load);
  }

  load(topics: readonly string[], rate: number): void {
    this.#load = { ask: "load", topics, rate };
    this.#ask(this.#load);
  }

  /** Ends the load. Resolves when every publish has its answer. */
  async rest(): Promise<void> {
    this.#load = undefined;
    if (!this.#child) return;
    this.#ask({ ask: "rest" });
    await this.#hear("rested");
  }

  /** From now on, authorization refuses the user. */
  deny(denied: Denied): void {
    this.#denied.push(denied);
    this.#ask({ ask: "deny", ...denied });
  }

  /** Resolves when `hub.revoke` has. */
  async revoke(denied: Denied): Promise<void> {
    this.#ask({ ask: "revoke", ...denied });
    await this.#hear("revoked");
  }

  /** SIGKILL. Resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** SIGTERM: the hub drains. Resolves when the process is gone. */
  async terminate(): Promise<void> {
    await this.#end("SIGTERM");
  }

  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  /** The publish log of every process that this node has had. */
  log(): readonly LogLine[] {
    const lines = readFileSync(this.#spec.log, "utf8").split("\n").filter(Boolean);
    return lines.map((line) => JSON.parse(line) as LogLine);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    const gone = once(child, "exit");
    child.kill(signal);
    // A stopped process takes SIGKILL at once, and SIGTERM only when it goes on.
    child.kill("SIGCONT");
    const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
    await gone;
    clearTimeout(late);
  }

  #ask(message: Ask): void {
    this.#child?.send(message, () => {});
  }

  #hear<T extends Tell["tell"]>(kind: T): Promise<Extract<Tell, { tell: T }>> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`${this.name}: ${why} before "${kind}"`));
      const late = setTimeout(() => done(() => fail(`${PATIENCE} ms passed`)), PATIENCE);
      const ended = (code: number | null, signal: string | null): void =>
        done(() => fail(`ended (${signal ?? code})`));
      const heard = (message: Tell): void => {
        if (message.tell === kind) done(() => resolve(message as Extract<Tell, { tell: T }>));
      };
      const done = (settle: () => void): void => {
        clearTimeout(late);
        child?.off("exit", ended);
        child?.off("message", heard);
        settle();
      };
      if (!child) return done(() => fail("is not running"));
      child.on("exit", ended);
      child.on("message", heard);
    });
  }
}
