/** Completions of an editor, asked of the compiler's language service as editors do. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const HERE = fileURLToPath(new URL("completion-input.ts", import.meta.url));

const PRELUDE = `
import { command, defineTopics, type } from "@bellwire/core";
import { createChannel } from "@bellwire/core/client";
import { createHub } from "@bellwire/core/server";
const topics = defineTopics({
  open: { shipped: type<{ at: number }>(), place: command(type<{ n: number }>(), type<{ total: number }>()), "*": type<unknown>() },
  news: { said: type<{ words: string }>() },
  "workouts.{userId}": { completed: type<{ calories: number }>(), started: type<{ at: number }>() },
});
declare const transport: import("@bellwire/core").Transport;
const channel = createChannel({ topics, transport });
const hub = createHub({ topics });
`;

/** The names that are offered at the mark `|`. */
function offered(line: string): readonly string[] {
  const text = PRELUDE + line.replace("|", "");
  const host: ts.LanguageServiceHost = {
    getCompilationSettings: () => ({
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      customConditions: ["@bellwire/source"],
    }),
    getScriptFileNames: () => [HERE],
    getScriptVersion: () => "1",
    getScriptSnapshot: (file) =>
      file === HERE || ts.sys.fileExists(file)
        ? ts.ScriptSnapshot.fromString(file === HERE ? text : readFileSync(file, "utf8"))
        : undefined,
    getCurrentDirectory: () => fileURLToPath(new URL(".", import.meta.url)),
    getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
    fileExists: (file) => file === HERE || ts.sys.fileExists(file),
    readFile: (file) => ts.sys.readFile(file),
    directoryExists: (folder) => ts.sys.directoryExists(folder),
    getDirectories: (folder) => ts.sys.getDirectories(folder),
  };
  const at = PRELUDE.length + line.indexOf("|");
  const found = ts.createLanguageService(host).getCompletionsAtPosition(HERE, at, {});
  const names = (found?.entries ?? []).map(({ name }) => name);
  // Where any name is taken, what has been typed so far is offered, too.
  return names.filter((name) => name !== "").sort();
}

describe("an editor", () => {
  it.each([
    ['channel.subscribe("workouts.42").on("|"', ["completed", "started"]],
    ['channel.subscribe("|"', ["news", "open"]],
    ['channel.publish("workouts.42", "|"', ["completed", "started"]],
    ['channel.publish("workouts.42", "completed", { | }', ["calories"]],
    ['hub.publish("news", "|"', ["said"]],
    ['hub.handle("|"', ["news", "open", "workouts.{userId}"]],
    ['hub.handle("open", "|"', ["place", "shipped"]],
    ['channel.subscribe("open").on("|"', ["shipped"]],
    ['channel.publish("open", "|"', ["place", "shipped"]],
    ['hub.publish("open", "|"', ["shipped"]],
    ['channel.publish("open", "place", { n: 1 }).then(({ data }) => data.|)', ["total"]],
    ['hub.handle("open", "place", () => ({ | })', ["total"]],
    ['channel.subscribe("workouts.42").on("completed", ({ data }) => data.|)', ["calories"]],
  ])("offers what the contract has at %s", { timeout: 60_000 }, (line, names) => {
    expect(offered(line)).toEqual(names);
  });
});
