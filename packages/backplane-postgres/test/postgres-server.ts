/** A PostgreSQL server of a test's own, in a temporary folder and on a free port. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";

/** The folder of initdb and postgres: `BELLWIRE_POSTGRES`, Debian's newest, or one of the PATH. */
export const binaries: string | undefined = findBinaries();

/** Prints one line where no server is installed; tests are then skipped. */
export function announce(what: string): boolean {
  if (binaries === undefined) process.stdout.write(`skipped: ${what} (no PostgreSQL is installed)\n`);
  return binaries !== undefined;
}

export interface ServerSettings {
  /** Whether commits reach the disk. Default: false, since most tests do not ask for it. */
  readonly durable?: boolean;
  /** Settings of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How users prove themselves. Default: `trust`. */
  readonly auth?: string;
  /** The password of the user postgres. */
  readonly password?: string;
}

export class PostgresServer {
  readonly port: number;
  readonly folder: string;
  readonly #bin: string;
  readonly #settings: ServerSettings;
  #process: ChildProcess | undefined;

  private constructor(port: number, folder: string, bin: string, settings: ServerSettings) {
    this.port = port;
    this.folder = folder;
    this.#bin = bin;
    this.#settings = settings;
  }

  static async start(settings: ServerSettings = {}): Promise<PostgresServer> {
    if (binaries === undefined) throw new Error("no PostgreSQL is installed");
    const folder = mkdtempSync(join(tmpdir(), "bellwire-postgres-"));
    const user = userOf();
    if (user) chownSync(folder, user.uid, user.gid);
    const data = join(folder, "data");
    const passwords = join(folder, "password");
    if (settings.password !== undefined) writeFileSync(passwords, settings.password);
    execFileSync(
      join(binaries, "initdb"),
      [
        "-D",
        data,
        "-U",
        "postgres",
        "-N",
        "-E",
        "UTF8",
        "--locale",
        "C",
        "-A",
        settings.auth ?? "trust",
      ].concat(settings.password === undefined ? [] : ["--pwfile", passwords]),
      { ...user, cwd: folder, stdio: "ignore" },
    );
    const server = new PostgresServer(await freePort(), data, binaries, settings);
    try {
      await server.start();
    } catch (error) {
      await server.remove();
      throw error;
    }
    return server;
  }

  /** The URL for a user and a database. */
  url({ user = "postgres", database = "postgres", port = this.port } = {}): string {
    const { password } = this.#settings;
    return `postgres://${user}${password === undefined ? "" : `:${password}`}@127.0.0.1:${port}/${database}`;
  }

  /** Starts the server again after it was stopped. Resolves when it answers. */
  async start(): Promise<void> {
    const { durable = false, settings = {} } = this.#settings;
    const given = {
      listen_addresses: "127.0.0.1",
      port: String(this.port),
      unix_socket_directories: "",
      max_connections: "200",
      ...(durable ? {} : { fsync: "off", full_page_writes: "off" }),
      ...settings,
    };
    const options = Object.entries(given).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    this.#process = spawn(join(this.#bin, "postgres"), ["-D", this.folder, ...options], {
      ...userOf(),
      cwd: this.folder,
      stdio: "ignore",
    });
    // A test that is ended in the middle must not leave it running.
    const child = this.#process;
    const end = (): void => void child.kill("SIGQUIT");
    process.once("exit", end);
    child.once("exit", () => process.off("exit", end));
    const until = performance.now() + 15_000;
    while (performance.now() < until) {
      if (await answers(this.url())) return;
      await pause(50);
    }
    throw new Error("PostgreSQL does not answer");
  }

  /** SIGINT is a fast shutdown, SIGQUIT an immediate one that leaves the recovery to the start. */
  async stop(signal: "SIGINT" | "SIGQUIT" | "SIGKILL" = "SIGQUIT"): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    // The server's own processes end when their parent has.
    await new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.kill(signal);
    });
  }

  /** Stops every process of the server where it is, until `thaw`. */
  freeze(): void {
    for (const pid of this.#pids()) process.kill(pid, "SIGSTOP");
  }

  thaw(): void {
    for (const pid of this.#pids()) process.kill(pid, "SIGCONT");
  }

  /** Stops the server and deletes its folder. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(join(this.folder, ".."), { recursive: true, force: true, maxRetries: 10 });
  }

  #pids(): readonly number[] {
    const parent = this.#process?.pid;
    if (parent === undefined) return [];
    return [
      parent,
      ...runningProcesses()
        .filter(([, ppid]) => ppid === parent)
        .map(([pid]) => pid),
    ];
  }
}

/** Every process of the machine, with its parent. */
function runningProcesses(): readonly (readonly [pid: number, parent: number])[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      // The command stands in parentheses, and may have some in its name.
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return [[Number(pid), Number(parent)] as const];
    } catch {
      return [];
    }
  });
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/** PostgreSQL refuses to run as root. */
function userOf(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

function findBinaries(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).map(Number).filter(Number.isFinite) : [];
  const candidates = [
    process.env["BELLWIRE_POSTGRES"] ?? "",
    ...versions.toSorted((a, b) => b - a).map((version) => join(debian, String(version), "bin")),
    ...(process.env["PATH"] ?? "").split(delimiter),
  ];
  return candidates.find(
    (folder) => folder !== "" && existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")),
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.address() as { readonly port: number };
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
