/** The cluster as `npm run cluster` starts it, without npm in between. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { onTestFailed, onTestFinished } from "vitest";

const folder = fileURLToPath(new URL("../", import.meta.url));

/** Milliseconds for all its processes to start on a busy machine. */
const START = 60_000;

export interface Running {
  /** Of the balancer, without a slash at the end. */
  readonly url: string;
  /** The processes that it said it has. */
  readonly pids: () => readonly number[];
  readonly output: () => string;
  /** Ctrl-C. Resolves with the exit code. */
  readonly interrupt: () => Promise<number | null>;
}

/** Runs the command to its end. */
export function runCluster(env: NodeJS.ProcessEnv) {
  const args = ["--import", "tsx/esm", "-C", "@bellwire/source", "main.ts"];
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, PORT: "0", ...env } });
  let said = "";
  const heard = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      for (const hear of heard) hear();
    });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  onTestFailed(() => console.log(said));
  onTestFinished(async () => {
    if (child.exitCode === null) child.kill("SIGTERM");
    await ended;
  });
  return { child, ended, heard, output: () => said };
}

export async function startCluster(env: NodeJS.ProcessEnv = {}): Promise<Running> {
  const { child, ended, heard, output } = runCluster(env);
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the cluster did not start: ${output()}`)), START);
    const hear = (): void => {
      const found = /Open (http:\/\/localhost:\d+)/.exec(output())?.[1];
      if (!found) return;
      clearTimeout(timer);
      resolve(found);
    };
    heard.add(hear);
    void ended.then((code) => reject(new Error(`the cluster ended with ${code}: ${output()}`)));
  });
  return {
    url,
    pids: () => Array.from(output().matchAll(/process (\d+)/g), ([, pid]) => Number(pid)),
    output,
    interrupt() {
      child.kill("SIGINT");
      return ended;
    },
  };
}
