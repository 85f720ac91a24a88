/**
 * The tests of docs/testing.md, as they stand there and beside here, on Jest's fake timers in the
 * place of Vitest's.
 */
import { readFileSync } from "node:fs";
import * as core from "@bellwire/core";
import * as client from "@bellwire/core/client";
import * as memory from "@bellwire/core/memory";
import * as server from "@bellwire/core/server";
import { ModernFakeTimers } from "@jest/fake-timers";
import { transformSync } from "esbuild";
import { describe, expect, it, vi } from "vitest";

const program = readFileSync(new URL("fake-timers.test.ts", import.meta.url), "utf8");
const guide = readFileSync(new URL("../../../docs/testing.md", import.meta.url), "utf8");

/** The functions that the guide has Jest leave alone. */
const JEST_SETTINGS = '{ doNotFake: ["nextTick", "queueMicrotask"] }';

type Work = () => unknown;
interface Case {
  readonly title: string;
  readonly run: () => Promise<void>;
}

/** Runs the program as if it had imported Jest's functions, and gives its cases. */
function casesOnJest(): Case[] {
  const timers = new ModernFakeTimers({
    global: globalThis,
    config: { fakeTimers: { enableGlobally: false }, rootDir: "/" } as never,
  });
  const jest = {
    fn: vi.fn,
    useFakeTimers: (options: Parameters<typeof timers.useFakeTimers>[0]) => timers.useFakeTimers(options),
    useRealTimers: () => timers.useRealTimers(),
    advanceTimersByTimeAsync: (ms: number) => timers.advanceTimersByTimeAsync(ms),
  };
  const [before, after, cases]: [Work[], Work[], Case[]] = [[], [], []];
  const globals = {
    jest,
    expect,
    beforeEach: (work: Work) => before.push(work),
    afterEach: (work: Work) => after.push(work),
    it(title: string, work: Work) {
      const run = async (): Promise<void> => {
        for (const step of before) step();
        try {
          await work();
        } finally {
          for (const step of after) step();
        }
      };
      cases.push({ title, run });
    },
  };
  const modules: Readonly<Record<string, unknown>> = {
    "@bellwire/core": core,
    "@bellwire/core/client": client,
    "@bellwire/core/memory": memory,
    "@bellwire/core/server": server,
    "@jest/globals": globals,
  };
  const onJest = program
    .replace('vi } from "vitest"', 'jest } from "@jest/globals"')
    .replace("vi.useFakeTimers()", `jest.useFakeTimers(${JEST_SETTINGS})`)
    .replaceAll("vi.", "jest.");
  const { code } = transformSync(onJest, { loader: "ts", format: "cjs" });
  // oxlint-disable-next-line typescript/no-implied-eval -- the program is a file beside this one
  new Function("require", "module", "exports", code)((name: string) => modules[name], {}, {});
  return cases;
}

it("docs/testing.md shows the tests that run here, and the functions that Jest must not fake", () => {
  expect(guide).toContain(`\`\`\`ts\n${program}\`\`\``);
  const component = new URL("../../../packages/react/test/fake-timers.test.tsx", import.meta.url);
  expect(guide).toContain(`\`\`\`tsx\n${readFileSync(component, "utf8")}\`\`\``);
  expect(guide).toContain(`jest.useFakeTimers(${JEST_SETTINGS})`);
});

describe("with Jest's fake timers", () => {
  it.each(casesOnJest())("$title", ({ run }) => run());
});
