/** A hub's process, which is started again when it dies. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Milliseconds until a hub that died is started again. */
const RESTART = 3_000;
/** Milliseconds that a hub has to leave. */
const GRACE = 5_000;

export class HubProcess {
  readonly name: string;
  readonly #redis: string;
  readonly #say: (line: string) => void;
  #child: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  #port = 0;
  #stopped = false;

  constructor(name: string, redis: string, say: (line: string) => void) {
    this.name = name;
    this.#redis = redis;
    this.#say = say;
  }

  /** The port of every one of its processes. */
  get port(): number {
    return this.#port;
  }

  /** Resolves when it serves. Rejects when it ends before that. */
  async start(): Promise<void> {
    const file = fileURLToPath(new URL("hub.ts", import.meta.url));
    const child = fork(file, [this.name, `${this.#port}`, this.#redis]);
    this.#child = child;
    const serves = await new Promise<boolean>((resolve) => {
      child.once("message", (port) => {
        this.#port = Number(port);
        resolve(true);
      });
      child.once("exit", () => resolve(false));
    });
    if (!serves) {
      if (this.#stopped) return;
      throw new Error(`hub ${this.name} did not start`);
    }
    this.#say(`hub ${this.name}: process ${child.pid}, port ${this.#port}`);
    const died = (): void => this.#died();
    if (child.exitCode === null && child.signalCode === null) child.once("exit", died);
    else died();
  }

  /** Lets it drain; kills it when that takes too long. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), GRACE);
    await gone;
    clearTimeout(timer);
  }

  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  #died(): void {
    if (this.#stopped) return;
    this.#say(`hub ${this.name}: died; a new process follows in ${RESTART / 1_000} s`);
    this.#restart = setTimeout(() => {
      this.start().catch(() => this.#died());
    }, RESTART);
  }
}
