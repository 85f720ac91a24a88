/** Checks the options of an adapter's functions against values that each option must refuse. */
import { isBellwireError } from "../errors.ts";
import type { Runner } from "./conformance.ts";

/** A function that takes options. */
export interface OptionSubject {
  /** The function's name, which begins the path in an error. */
  readonly path: string;
  /** Calls the function. */
  readonly make: (options: unknown) => unknown;
  /** Options that are required, with legal values. */
  readonly given: Readonly<Record<string, unknown>>;
  /** The legal values of each option, by their names in {@link optionValues}. */
  readonly keys: Readonly<Record<string, readonly string[]>>;
}

/** A part of many values, which no error may repeat. */
export const OPTION_SECRET = "s3cr3t";

/** The values that every option is given, by name. */
export function optionValues(): Readonly<Record<string, unknown>> {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  return {
    undefined: undefined,
    null: null,
    NaN: Number.NaN,
    "minus one": -1,
    zero: 0,
    "a half": 0.5,
    one: 1,
    "a huge number": Number.MAX_VALUE,
    Infinity: Number.POSITIVE_INFINITY,
    true: true,
    false: false,
    "an empty string": "",
    "a string": OPTION_SECRET,
    "a huge string": OPTION_SECRET.repeat(20_000),
    "a path": `/${OPTION_SECRET}`,
    "a path with a query": `/x?token=${OPTION_SECRET}`,
    "a URL": "https://example.com/bellwire",
    "a URL object": new URL("https://example.com/bellwire"),
    "a page's origin": "https://example.com",
    "a star": "*",
    "an array": [],
    "an array of origins": ["https://example.com", "http://localhost:8080"],
    "an array of paths": [`https://example.com/${OPTION_SECRET}`],
    "an array with a hole": [undefined],
    "a cycle": cyclic,
    "an object": {},
    "a function": () => OPTION_SECRET,
    "a symbol": Symbol(OPTION_SECRET),
  };
}

/**
 * Registers the cases of each subject: an option takes its legal values, given or inherited, and
 * refuses all others with `invalid_option`, its path and no value; so does the function with values
 * that are no options and with unknown keys. `more` holds values beside {@link optionValues}.
 */
export function optionConformance(
  subjects: readonly OptionSubject[],
  { describe, it }: Pick<Runner, "describe" | "it">,
  more: Readonly<Record<string, unknown>> = {},
): void {
  for (const { path, make, given, keys } of subjects) {
    describe(path, () => {
      for (const [key, legal] of Object.entries(keys)) {
        it(`takes the legal values of ${key}, refuses all others, and never repeats a value`, async () => {
          for (const [name, value] of Object.entries({ ...optionValues(), ...more })) {
            const options = { ...given, [key]: value };
            for (const passed of [options, Object.create(options) as object]) {
              const message = refusal(() => make(passed));
              const subject = `${path}.${key} given ${name}`;
              if (!legal.includes(name)) expectRefusal(message, `${path}.${key}: must be `, subject);
              else if (message !== undefined) throw new Error(`${subject}: ${message}`);
            }
          }
        });
      }

      it("refuses values that are no object, and unknown keys", async () => {
        for (const value of [null, Number.NaN, 0, "", OPTION_SECRET, [], () => {}]) {
          const message = refusal(() => make(value));
          if (message !== `${path}: must be an object`)
            throw new Error(`${path} given no object: ${message ?? "not refused"}`);
        }
        const unknown = refusal(() => make({ ...given, invented: OPTION_SECRET }));
        const expected = `${path}.invented: must be absent; known options are `;
        expectRefusal(unknown, expected, `${path} given an unknown key`);
      });
    });
  }
}

function expectRefusal(message: string | undefined, beginning: string, subject: string): void {
  if (message === undefined) throw new Error(`${subject}: not refused`);
  if (!message.startsWith(beginning)) throw new Error(`${subject}: refused with "${message}"`);
  if (message.includes(OPTION_SECRET)) throw new Error(`${subject}: the error repeats the value`);
}

/** The message of an `invalid_option`; undefined when nothing was refused. */
function refusal(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    if (isBellwireError(error) && error.code === "invalid_option") return error.message;
    throw error;
  }
  return undefined;
}
