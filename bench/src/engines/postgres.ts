/** A PostgreSQL of the benchmark's own, which writes every commit to the disk. */
import { execFileSync } from "node:child_process";
import { chownSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { freePort, type KeptServer, startKept } from "./kept-server.ts";
import { postgresFolder } from "./programs.ts";

/** A PostgreSQL that answers. */
export interface PostgresServer extends KeptServer {
  readonly url: string;
}

/** Starts one with an empty database. Rejects where none is installed. */
export async function startPostgres(): Promise<PostgresServer> {
  const programs = postgresFolder();
  if (programs === undefined) throw new Error("no PostgreSQL is installed");
  const folder = mkdtempSync(join(tmpdir(), "bellwire-bench-postgres-"));
  const user = ordinaryUser();
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, "data");
  const made = ["-D", data, "-U", "postgres", "-N", "-E", "UTF8", "--locale", "C", "-A", "trust"];
  execFileSync(join(programs, "initdb"), made, { ...user, cwd: folder, stdio: "ignore" });
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const server = await startKept({
    command: join(programs, "postgres"),
    args: ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", "", "-N", "100"],
    folder,
    signal: "QUIT",
    user,
    answers: () => answers(url),
  });
  return { ...server, url };
}

/** PostgreSQL does not run as root; root runs it as nobody. */
function ordinaryUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    return (await client.query("select 1")).rowCount === 1;
  } finally {
    await client.end().catch(() => {});
  }
}
