/** A server that the driver starts, freezes, kills and starts again. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { until } from "@bellwire/core/conformance";

/** Milliseconds for a server to serve. */
const START = 20_000;

/** How to run a server. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** The user and group to run as; absent: ours. */
  readonly uid?: number | undefined;
  /** Whether it serves. */
  readonly serves: () => Promise<boolean>;
}

export class ServerProcess {
  readonly #command: ServerCommand;
  #child: ChildProcess | undefined;

  constructor(command: ServerCommand) {
    this.#command = command;
  }

  /** Starts the server, with its children in a process group of its own. */
  async start(): Promise<void> {
    const { command, args, uid, serves } = this.#command;
    let output = "";
    const child = spawn(command, args, {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      ...(uid !== undefined && { uid, gid: uid }),
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-2_000);
      });
    child.on("error", (error) => {
      output += String(error);
    });
    this.#child = child;
    await until(
      async () => {
        if (child.exitCode !== null) throw new Error(`${command} ended:\n${output}`);
        return serves().catch(() => false);
      },
      `${command} to serve`,
      START,
      () => output,
    );
  }

  /** Stops all processes of the server, or lets them go on. */
  freeze(frozen: boolean): void {
    this.#signal(frozen ? "SIGSTOP" : "SIGCONT");
  }

  /** Ends it at once, without a word to anybody. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    const gone = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
    try {
      process.kill(-(child.pid ?? 0), "SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await gone;
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#child?.pid) process.kill(-this.#child.pid, signal);
  }
}

/** A port of 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (!address || typeof address === "string") throw new Error("no port");
  return address.port;
}
