/**
 * The hub's process as the attackers' side sees it: its ports, samples of how it stands, and what
 * it did not catch.
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Ask, Endpoints, Fault, Sample, Tell } from "./world.ts";

/**
 * Milliseconds that the process may take to answer. An event loop that a peer can hold for longer
 * is a finding by itself.
 */
const ANSWER = 30_000;

export class Target {
  readonly ports: Readonly<Record<Endpoints, number>>;
  /** Errors that nothing caught, in the process's own words. */
  readonly uncaught: string[] = [];
  /** How the process ended, once it has. */
  ended: string | undefined;
  readonly #child: ChildProcess;
  #answer: ((sample: Sample | undefined) => void) | undefined;

  private constructor(child: ChildProcess, ports: Readonly<Record<Endpoints, number>>) {
    this.#child = child;
    this.ports = ports;
    child.on("message", (message: Tell) => {
      if (message.tell === "uncaught") this.uncaught.push(`${message.kind}: ${message.text}`);
      if (message.tell === "sample") this.#answer?.(message.sample);
    });
    child.on("exit", (code, signal) => {
      this.ended = signal ?? `exit ${code}`;
      this.#answer?.(undefined);
    });
  }

  /** Starts a process. Rejects when it does not come to listen. */
  static start(fault?: Fault): Promise<Target> {
    const file = fileURLToPath(new URL("hub-process.ts", import.meta.url));
    const child = fork(file, fault ? [fault] : [], {
      execArgv: ["--import", "tsx/esm", "-C", "@bellwire/source", "--expose-gc"],
      serialization: "json",
    });
    return new Promise((resolve, reject) => {
      child.once("message", (message: Tell) => {
        if (message.tell === "ports") resolve(new Target(child, message.ports));
        else reject(new Error(`the hub's process began with ${JSON.stringify(message)}`));
      });
      child.once("exit", (code) =>
        reject(new Error(`the hub's process ended with ${code} before it listened`)),
      );
    });
  }

  /** Starts the numbered streams. */
  flow(): void {
    this.#ask({ ask: "flow" });
  }

  /**
   * How the process stands; `still` stops the numbered streams first. Undefined when it has ended
   * or does not answer.
   */
  sample(ask: "sample" | "still" = "sample"): Promise<Sample | undefined> {
    if (this.ended !== undefined) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#answer?.(undefined), ANSWER);
      this.#answer = (sample) => {
        clearTimeout(timer);
        this.#answer = undefined;
        resolve(sample);
      };
      this.#ask({ ask });
    });
  }

  /** Ends the process. */
  stop(): void {
    this.#child.removeAllListeners("exit");
    if (this.ended === undefined) this.#child.kill("SIGKILL");
    this.ended ??= "stopped";
  }

  #ask(message: Ask): void {
    if (this.#child.connected) this.#child.send(message);
  }
}
