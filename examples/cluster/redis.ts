/** A Redis for this example alone, from the program `redis-server`. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface RedisServer {
  readonly url: string;
  readonly pid: number;
  /** Resolves with its last words when it ends by itself. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** Milliseconds for it to accept connections. */
const START = 10_000;

/**
 * Starts one with a folder of its own, which ends with it. Undefined where the program is not
 * installed; rejects where it does not start.
 */
export async function startRedis(program: string): Promise<RedisServer | undefined> {
  const dir = await mkdtemp(join(tmpdir(), "bellwire-cluster-"));
  const port = await freePort();
  const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "no"];
  // In a process group of its own: Ctrl-C ends the hubs first.
  const child = spawn(program, args, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const stop = async (): Promise<void> => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    }
    await rm(dir, { recursive: true, force: true });
  };
  const { accepts, ended } = listenTo(child);
  try {
    if (!(await accepts)) {
      await stop();
      return undefined;
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `redis://127.0.0.1:${port}`, pid: child.pid ?? 0, ended, stop };
}

/** Whether it comes to accept connections; false where there is no such program. */
function listenTo(child: ChildProcess): { accepts: Promise<boolean>; ended: Promise<string> } {
  let said = "";
  const ended = new Promise<string>((resolve) => child.once("exit", () => resolve(said.trim())));
  const accepts = new Promise<boolean>((resolve, reject) => {
    const fail = (): void => reject(new Error(`redis-server did not start:\n${said.trim()}`));
    const timer = setTimeout(fail, START);
    const settle = (accepted: boolean): void => {
      clearTimeout(timer);
      resolve(accepted);
    };
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk: Buffer) => {
        said = (said + chunk.toString()).slice(-2_000);
        if (said.includes("Ready to accept connections")) settle(true);
      });
    child.once("error", () => settle(false));
    child.once("exit", () => {
      clearTimeout(timer);
      fail();
    });
  });
  return { accepts, ended };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
