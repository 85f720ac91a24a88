import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decideCommand } from "../../src/decide/cli.ts";
import { FIELDS } from "../../src/decide/requirements.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "decide-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/**
 * Runs the command with lines typed as questions appear: the answer to the n-th is the n-th, then
 * the input ends.
 */
async function run(args: readonly string[], typed: readonly string[] = []) {
  const [input, output, error] = [new PassThrough(), new PassThrough(), new PassThrough()];
  let said = "";
  let failed = "";
  let answered = 0;
  output.on("data", (text) => {
    said += text;
    while (answered < (said.match(/\]: /g) ?? []).length) {
      const line = typed[answered];
      answered += 1;
      if (line === undefined) input.end();
      else input.write(`${line}\n`);
    }
  });
  error.on("data", (text) => (failed += text));
  const code = await decideCommand(args, { input, output, error });
  return { code, said, failed };
}

const file = (name: string): string => join(folder, name);
const read = (name: string): string => readFileSync(file(name), "utf8");

describe("the questions in the terminal", () => {
  const enter = FIELDS.map(() => "");
  const answers = (given: Record<string, string>): string[] => FIELDS.map(({ key }) => given[key] ?? "");

  it("lead to a decision when every default is taken", async () => {
    const { code, said } = await run(["--out", file("decision.md")], enter);
    expect(code).toBe(0);
    expect(said.match(/\]: /g)).toHaveLength(FIELDS.length);
    expect(read("decision.md")).toMatch(/^# Decision: our application\n/);
  });

  it("accept everyday words, and save the answers for the next time", async () => {
    const typed = answers({
      name: "chess",
      users: "12,000",
      platforms: "browser, ios",
      processes: "n",
      budget: "none",
      operatorHour: "70",
    });
    const { code } = await run(
      ["--out", file("a.md"), "--save", file("chess.json"), "--date", "2026-11-21"],
      typed,
    );
    expect(code).toBe(0);
    expect(JSON.parse(read("chess.json"))).toMatchObject({
      name: "chess",
      users: 12_000,
      platforms: ["browser", "ios"],
      processes: false,
      budget: null,
      operatorHour: 70,
    });
    await run(["--out", file("b.md"), "--answers", file("chess.json"), "--date", "2026-11-21"]);
    expect(read("b.md")).toBe(read("a.md"));
  });

  it("are asked again after a wrong answer, with the allowed values", async () => {
    const typed = ["x", "none at all", "-3", "40", ...FIELDS.slice(2).map(() => "")];
    const { code, said } = await run(["--out", file("decision.md"), "--save", file("x.json")], typed);
    expect(code).toBe(0);
    expect(said.match(/It must be a whole number of at least 1\./g)).toHaveLength(2);
    expect(JSON.parse(read("x.json"))).toMatchObject({ name: "x", users: 40 });
  });

  it("lower the default of recipients to the users there are", async () => {
    const { code } = await run(["--out", file("d.md"), "--save", file("few.json")], answers({ users: "4" }));
    expect(code).toBe(0);
    expect(JSON.parse(read("few.json"))).toMatchObject({ users: 4, recipients: 4 });
  });

  it("end with an error, and no decision, when no more answers come", async () => {
    const { code, failed } = await run(["--out", file("decision.md")], ["x", "40"]);
    expect(code).toBe(2);
    expect(failed).toContain("answers.messagesPerSecond");
    expect(() => read("decision.md")).toThrow();
  });
});

describe("the command", () => {
  it("exits with 1 when every option is excluded, and the decision gives the reasons", async () => {
    writeFileSync(file("a.json"), JSON.stringify({ processes: false, history: "needed" }));
    const { code } = await run(["--answers", file("a.json"), "--out", file("decision.md")]);
    expect(code).toBe(1);
    expect(read("decision.md")).toContain("**Undecided**");
  });

  it.each<[string, Record<string, string>, string[], string]>([
    [
      "an answer that is not allowed",
      { "a.json": '{ "users": 0 }' },
      ["--answers", "a.json"],
      "answers.users",
    ],
    ["a file that is not there", {}, ["--answers", "none.json"], "--answers"],
    ["a file that is no JSON", { "a.json": "{" }, ["--answers", "a.json"], "--answers"],
    [
      "results of another version",
      { "a.json": "{}", "r.json": '{ "version": 2, "scenarios": [] }' },
      ["--answers", "a.json", "--results", "r.json"],
      "--results",
    ],
    [
      "prices without a source",
      { "a.json": "{}", "p.json": "{}" },
      ["--answers", "a.json", "--prices", "p.json"],
      "prices.",
    ],
    ["a day that is none", {}, ["--date", "soon"], "--date"],
    ["an option that is not known", {}, ["--colour", "blue"], "--colour"],
  ])("refuses %s with exit code 2 and its name", async (_, files, args, named) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(file(name), text);
    const placed = args.map((arg) => (arg.endsWith(".json") ? file(arg) : arg));
    const { code, failed } = await run([...placed, "--out", file("decision.md")]);
    expect(code).toBe(2);
    expect(failed).toContain(named);
  });

  it("uses prices that are given in place of its own", async () => {
    const own = new URL("../../src/decide/prices.json", import.meta.url);
    const prices = JSON.parse(readFileSync(own, "utf8")) as {
      hosted: { pusher: { plans: { dollars: number }[] } };
    };
    for (const plan of prices.hosted.pusher.plans) plan.dollars = 7;
    writeFileSync(file("p.json"), JSON.stringify(prices));
    writeFileSync(file("a.json"), "{}");
    await run(["--answers", file("a.json"), "--prices", file("p.json"), "--out", file("decision.md")]);
    expect(read("decision.md")).toContain("at $7 a month");
  });

  it("prints how it is used, and every answer that a file may have", async () => {
    const { code, said } = await run(["--help"]);
    expect(code).toBe(0);
    for (const option of ["--answers", "--results", "--prices", "--matrix", "--out"])
      expect(said).toContain(option);
    for (const { key } of FIELDS) expect(said).toMatch(new RegExp(`^  ${key} `, "m"));
  });
});
