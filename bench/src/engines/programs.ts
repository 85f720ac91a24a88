/** Where the programs of the engines are on this machine. */
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { EngineName } from "../names.ts";

const DEBIAN = "/usr/lib/postgresql";

/** The program of Redis: `BELLWIRE_REDIS_SERVER`, or `redis-server` on the PATH. */
export function redisProgram(): string | undefined {
  const named = process.env["BELLWIRE_REDIS_SERVER"];
  if (named) return named;
  const folder = folderOf("redis-server", searchPath());
  return folder === undefined ? undefined : join(folder, "redis-server");
}

/** The folder of PostgreSQL's programs: `BELLWIRE_POSTGRES`, Debian's newest, or in the PATH. */
export function postgresFolder(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).map(Number).filter(Number.isFinite) : [];
  return folderOf("initdb", [
    process.env["BELLWIRE_POSTGRES"] ?? "",
    ...versions.toSorted((one, other) => other - one).map((version) => join(DEBIAN, `${version}`, "bin")),
    ...searchPath(),
  ]);
}

/** Why an engine cannot be measured here; undefined: it can. */
export function absence(engine: EngineName): string | undefined {
  if ((engine === "redis" ? redisProgram() : postgresFolder()) !== undefined) return undefined;
  const what =
    engine === "redis"
      ? "redis-server (BELLWIRE_REDIS_SERVER, or one on the PATH)"
      : "PostgreSQL (BELLWIRE_POSTGRES, the folder of its programs)";
  return `left out: ${engine}, as there is no ${what}`;
}

function searchPath(): readonly string[] {
  return (process.env["PATH"] ?? "").split(delimiter);
}

function folderOf(program: string, folders: readonly string[]): string | undefined {
  return folders.find((folder) => {
    if (folder === "") return false;
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
