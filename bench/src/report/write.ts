/** Writes a run's three files. */
import { randomUUID } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Results } from "../results.ts";
import { reportHtml } from "./html.ts";
import { reportMarkdown } from "./markdown.ts";

/**
 * Writes `results.json`, `report.html` and `report.md` into the folder, which is made when there is
 * none, and returns their paths in that order. Each file is whole or not there: it is written
 * beside its place and renamed, and what an earlier run left is replaced. Throws the file system's
 * error and leaves no part of a file behind.
 */
export function writeReports(folder: string, results: Results): readonly string[] {
  const files = [
    ["results.json", `${JSON.stringify(results, null, 2)}\n`],
    ["report.html", reportHtml(results)],
    ["report.md", reportMarkdown(results)],
  ] as const;
  mkdirSync(folder, { recursive: true });
  return files.map(([name, content]) => {
    const path = join(folder, name);
    const beside = join(folder, `.${name}.${randomUUID()}`);
    try {
      writeFileSync(beside, content);
      renameSync(beside, path);
    } catch (error) {
      rmSync(beside, { force: true });
      throw error;
    }
    return path;
  });
}
