/** A Redis server of a test's own, in a temporary folder and on a free port. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";

/** The program: `BELLWIRE_REDIS_SERVER`, or the one of the PATH. */
export const program: string | undefined = findProgram();

/** Prints one line where no server is installed; tests are then skipped. */
export function announce(what: string): boolean {
  if (program === undefined) process.stdout.write(`skipped: ${what} (no redis-server is installed)\n`);
  return program !== undefined;
}

export class RedisServer {
  readonly port: number;
  /** A connection of the test's own. It comes back by itself, and its commands wait for it. */
  readonly control: Redis;
  readonly #folder: string;
  readonly #args: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(port: number, args: readonly string[], password: string | undefined) {
    this.port = port;
    this.#args = args;
    this.#folder = mkdtempSync(join(tmpdir(), "bellwire-redis-"));
    this.control = new Redis({
      port,
      lazyConnect: true,
      maxRetriesPerRequest: null,
      retryStrategy: () => 20,
      ...(password !== undefined && { password }),
    });
    this.control.on("error", () => {});
  }

  /** `persistent`: every write is on the disk before it is acknowledged. */
  static async start({
    persistent = false,
    args = [],
    password,
  }: {
    persistent?: boolean;
    args?: readonly string[];
    password?: string;
  } = {}): Promise<RedisServer> {
    const keeps = persistent
      ? ["--appendonly", "yes", "--appendfsync", "always"]
      : ["--appendonly", "no", "--save", ""];
    const secret = password === undefined ? [] : ["--requirepass", password];
    const server = new RedisServer(
      await freePort(),
      [...keeps, ...secret, "--repl-diskless-sync-delay", "0", ...args],
      password,
    );
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts the server, again after it was killed. Resolves when it answers. */
  async start(): Promise<void> {
    if (program === undefined) throw new Error("no redis-server is installed");
    const own = ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.#folder];
    this.#process = spawn(program, [...own, ...this.#args], { stdio: "ignore" });
    const [exit] = await Promise.race([this.control.ping(), once(this.#process, "exit")]);
    if (typeof exit === "number") throw new Error(`redis-server ended with ${exit}`);
    // It answers while it is loading, too.
    while ((await this.control.info("persistence")).includes("loading:1")) await pause(10);
  }

  /** Ends the server at once. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  freeze(): void {
    this.#process?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#process?.kill("SIGCONT");
  }

  /** Follows another server, and resolves when it has everything. */
  async follow(primary: RedisServer): Promise<void> {
    await this.control.replicaof("127.0.0.1", primary.port);
    while (!(await this.control.info("replication")).includes("master_link_status:up")) await pause(10);
  }

  /** Ends the server and deletes its folder. */
  async remove(): Promise<void> {
    this.control.disconnect();
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (!address || typeof address === "string") throw new Error("no port");
  return address.port;
}

function findProgram(): string | undefined {
  const onPath = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "redis-server"));
  return [process.env["BELLWIRE_REDIS_SERVER"], ...onPath].find((path) => {
    try {
      accessSync(path ?? "", constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
