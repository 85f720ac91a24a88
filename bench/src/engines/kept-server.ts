/**
 * A server that the benchmark starts for itself. It ends with this process, however this process
 * ends, and its folder goes with it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { sleep } from "../measure/clock.ts";

/** Milliseconds for a server to answer. */
const START = 30_000;

/** How to run a server. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** Its own, deleted when it has ended. */
  readonly folder: string;
  /** The signal that ends it at once. */
  readonly signal: "KILL" | "QUIT";
  /** The user to run as, where ours will not do. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Whether it answers. */
  readonly answers: () => Promise<boolean>;
}

/** A server that answers. */
export interface KeptServer {
  /** Ends it at once. Resolves when it is gone. Calling it again does nothing. */
  stop(): Promise<void>;
}

/** Waits for the end of its input, which comes when this process closes it or is gone. */
const KEEPER = `trap : INT TERM
"$@" >/dev/null 2>&1 &
cat >/dev/null
kill -"$KEPT_SIGNAL" $!
wait $!
rm -rf "$KEPT_FOLDER"`;

/** Starts the server. Resolves when it answers; rejects when it does not in 30 s. */
export async function startKept(server: ServerCommand): Promise<KeptServer> {
  const { command, args, folder, signal, user, answers } = server;
  const keeper = spawn("sh", ["-c", KEEPER, "sh", command, ...args], {
    ...user,
    cwd: folder,
    env: { ...process.env, KEPT_SIGNAL: signal, KEPT_FOLDER: folder },
    stdio: ["pipe", "ignore", "ignore"],
  });
  const gone = once(keeper, "exit");
  keeper.stdin.on("error", () => {});
  const stop = async (): Promise<void> => {
    keeper.stdin.end();
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
  for (const end = Date.now() + START; !(await answers().catch(() => false)); await sleep(20)) {
    if (Date.now() < end) continue;
    await stop();
    throw new Error(`${command} does not answer`);
  }
  return { stop };
}

/** A port of 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}
