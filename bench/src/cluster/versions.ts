/** The versions of everything that takes part in the cluster's figures, beside the fingerprint. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { postgresFolder, redisProgram } from "../engines/programs.ts";

const LIBRARIES = ["socket.io", "socket.io-client", "@socket.io/redis-streams-adapter", "ioredis", "pg"];

/** One line. */
export function versionsText(): string {
  const redis = redisProgram();
  const postgres = postgresFolder();
  return [
    ...(redis === undefined ? [] : [versionOf(redis, /v=([\d.]+)/, "Redis")]),
    ...(postgres === undefined ? [] : [versionOf(join(postgres, "postgres"), /([\d.]+)/, "PostgreSQL")]),
    ...LIBRARIES.map((name) => `${name} ${libraryVersion(name)}`),
  ].join(", ");
}

function versionOf(program: string, pattern: RegExp, name: string): string {
  const said = execFileSync(program, ["--version"], { encoding: "utf8" });
  return `${name} ${pattern.exec(said)?.[1] ?? "of an unknown version"}`;
}

/** A package may keep its package.json to itself; it is above the module that it exports. */
function libraryVersion(name: string): string {
  let folder = dirname(createRequire(import.meta.url).resolve(name));
  while (folder !== dirname(folder)) {
    try {
      const found = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, string>;
      if (found["name"] === name && found["version"]) return found["version"];
    } catch {
      // Further up.
    }
    folder = dirname(folder);
  }
  return "of an unknown version";
}
