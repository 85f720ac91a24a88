/**
 * The one file that chooses wires, back end and database: `tracker.json`, or what `BELLWIRE_CONFIG`
 * names.
 */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { ServerConfig } from "@bellwire/core/server";
import { z } from "zod";

const shape = z
  .strictObject({
    /** The transports of the hub; checked by `attachFrom`. Its backplane is the database. */
    server: z
      .custom<Omit<ServerConfig, "backplane">>((value) => typeof value === "object" && value !== null)
      .refine((server) => !("backplane" in server), "must have no backplane"),
    /** The history of each topic: so many notifications, each for so many milliseconds. */
    history: z.strictObject({ size: z.number().int().min(1), ttl: z.number().int().min(1) }),
    /**
     * The transports by which a page may connect, as `transportFrom` takes them. `{host}` stands
     * for the page's host.
     */
    wires: z.record(z.string(), z.string()).refine((wires) => Object.keys(wires).length > 0),
    /** The one of them that a page begins with. */
    wire: z.string(),
    /** PGlite's folder, seen from the file. Not used when `DATABASE_URL` is set. */
    database: z.string(),
    /** For how long a token is good. */
    tokenMinutes: z.number().positive(),
  })
  .refine(({ wires, wire }) => wire in wires, { path: ["wire"], message: "must be one of wires" });

/** The file's content, with the folder's path made absolute. */
export type Configuration = z.infer<typeof shape>;

/**
 * Reads and checks the file. Rejects with an error that names the file and the paths of what is
 * wrong, and never quotes a value.
 */
export async function readConfiguration(file: string = defaultFile()): Promise<Configuration> {
  const path = resolve(file);
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, "utf8"));
  } catch {
    throw new Error(`${path}: must be there and be JSON`);
  }
  const checked = shape.safeParse(content);
  if (!checked.success) {
    const wrong = checked.error.issues.map(
      ({ path: at, message }) => `${["config", ...at].join(".")}: ${message}`,
    );
    throw new Error(`${path}: ${wrong.join("; ")}`);
  }
  return { ...checked.data, database: resolve(dirname(path), checked.data.database) };
}

function defaultFile(): string {
  return process.env.BELLWIRE_CONFIG ?? fileURLToPath(new URL("../tracker.json", import.meta.url));
}
