/** The option cases catch functions that check their options badly. */
import { BellwireError } from "@bellwire/core";
import { checkOptions, flag } from "@bellwire/core/adapter";
import { type OptionSubject, optionConformance } from "@bellwire/core/conformance";
import { expect, it } from "vitest";

/** The failures of all cases for a function, each with its case. */
async function failuresOf(make: (options: unknown) => unknown): Promise<string[]> {
  const subject: OptionSubject = {
    path: "make",
    make,
    given: {},
    keys: { loud: ["undefined", "true", "false"] },
  };
  const runs: Promise<string | undefined>[] = [];
  const run = async (name: string, test: () => Promise<void>): Promise<string | undefined> => {
    try {
      await test();
      return undefined;
    } catch (error) {
      return `${name}: ${String(error)}`;
    }
  };
  optionConformance([subject], {
    describe: (_, register) => register(),
    it: (name, test) => runs.push(run(name, test)),
  });
  return (await Promise.all(runs)).filter((failure) => failure !== undefined);
}

const refuse = (words: string): never => {
  throw new BellwireError("invalid_option", words);
};

it("pass a function that checks its options", async () => {
  expect(await failuresOf((options) => checkOptions("make", options, { loud: flag }))).toEqual([]);
});

it.each<[string, (options: unknown) => unknown, number]>([
  ["takes everything", () => {}, 2],
  ["refuses everything", () => refuse("make.loud: must be absent"), 2],
  ["throws another error", () => JSON.parse("no"), 2],
  ["does not know its own option", (options) => checkOptions("make", options, {}), 1],
  ["names another path", (options) => checkOptions("other", options, { loud: flag }), 2],
  [
    "repeats the value in its error",
    (options) => {
      const { loud } = Object(options) as { loud?: unknown };
      if (typeof loud === "string") refuse(`make.loud: must be true or false, not ${loud}`);
      checkOptions("make", options, { loud: flag });
    },
    1,
  ],
])("fail a function that %s", async (_, make, failures) => {
  expect(await failuresOf(make)).toHaveLength(failures);
});
