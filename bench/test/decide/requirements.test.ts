import { describe, expect, it } from "vitest";
import { InvalidInput } from "../../src/decide/input.ts";
import { readMatrix } from "../../src/decide/matrix.ts";
import { readPrices } from "../../src/decide/prices.ts";
import { FIELDS, readRequirements } from "../../src/decide/requirements.ts";
import { json } from "./example.ts";

function refusal(read: () => unknown): { path: string; allowed: string } {
  try {
    read();
  } catch (error) {
    if (error instanceof InvalidInput) return { path: error.path, allowed: error.allowed };
    throw error;
  }
  throw new Error("it was accepted");
}

describe("answers", () => {
  it("are at their defaults where they are absent", () => {
    const read = readRequirements({});
    for (const { key, fallback } of FIELDS) expect(read[key]).toEqual(fallback);
    expect(read.weights).toEqual({});
  });

  it.each<[object, string, RegExp]>([
    [{ users: 0 }, "requirements.users", /whole number of at least 1/],
    [{ users: "many" }, "requirements.users", /whole number/],
    [{ activeHours: 25 }, "requirements.activeHours", /0 to 24/],
    [{ platforms: [] }, "requirements.platforms", /"browser"/],
    [{ platforms: ["toaster"] }, "requirements.platforms", /"flutter"/],
    [{ proxies: "evil" }, "requirements.proxies", /"strict"/],
    [{ budget: -1 }, "requirements.budget", /null/],
    [{ processes: "yes" }, "requirements.processes", /true or false/],
    [{ colour: "blue" }, "requirements.colour", /known are name, users/],
    [{ weights: { beauty: 1 } }, "requirements.weights.beauty", /known are ease/],
    [{ weights: { ease: -1 } }, "requirements.weights.ease", /at least 0/],
    [{ users: 10, recipients: 11 }, "requirements.recipients", /at most users/],
  ])("are refused by their path: %j", (given, path, allowed) => {
    const refused = refusal(() => readRequirements(given));
    expect(refused.path).toBe(path);
    expect(refused.allowed).toMatch(allowed);
  });

  it("never take a default of more recipients than there are users", () => {
    expect(readRequirements({ users: 4 }).recipients).toBe(4);
    expect(readRequirements({ users: 400 }).recipients).toBe(10);
  });

  it("that are wrong are not repeated", () => {
    expect(() => readRequirements({ proxies: "s3cret" })).not.toThrow(/s3cret/);
    expect(() => readRequirements({ proxies: "s3cret" })).toThrow(InvalidInput);
  });

  it.each([null, [], 1, "text"])("must be an object and not %j", (given) => {
    expect(refusal(() => readRequirements(given)).path).toBe("requirements");
  });
});

/** The JSON at a path replaced, or taken away where `value` is undefined. */
function changed(file: string, path: readonly string[], value: unknown): unknown {
  const whole = json(file);
  let place = whole as Record<string, unknown>;
  for (const key of path.slice(0, -1)) place = place[key] as Record<string, unknown>;
  place[path.at(-1) as string] = value;
  return JSON.parse(JSON.stringify(whole));
}

describe("a matrix", () => {
  const file = "src/decide/matrix.json";

  it.each<[string, string[], unknown, string]>([
    ["a cell without a source", ["cells", "ws", "ease", "sources"], [], "matrix.cells.ws.ease.sources"],
    [
      "a source that is not listed",
      ["cells", "ws", "ease", "sources"],
      ["x"],
      "matrix.cells.ws.ease.sources[0]",
    ],
    ["a score above 4", ["cells", "ws", "ease", "score"], 5, "matrix.cells.ws.ease.score"],
    ["a cell without a date", ["cells", "ws", "ease", "date"], undefined, "matrix.cells.ws.ease.date"],
    ["a missing cell", ["cells", "sse", "sync"], undefined, "matrix.cells.sse.sync"],
    ["a source without an address", ["sources", "rfc6455", "url"], "", "matrix.sources.rfc6455.url"],
    ["a source by http", ["sources", "rfc6455", "url"], "http://example.com", "matrix.sources.rfc6455.url"],
    ["a source without a day", ["sources", "rfc6455", "date"], "soon", "matrix.sources.rfc6455.date"],
    [
      "a limit with two rules",
      ["limits", "0", "rule"],
      { onPremises: true, noProcess: true },
      "matrix.limits[0].rule",
    ],
  ])("is refused with %s", (_, path, value, where) => {
    expect(refusal(() => readMatrix(changed(file, path, value))).path).toBe(where);
  });
});

describe("prices", () => {
  const file = "src/decide/prices.json";

  it.each<[string, string[], unknown, string]>([
    ["a price without a date", ["servers", "0", "date"], undefined, "prices.servers[0].date"],
    ["a price without a page", ["egress", "url"], undefined, "prices.egress.url"],
    ["a currency that is not known", ["egress", "currency"], "GBP", "prices.egress.currency"],
    ["plans without a date", ["hosted", "pusher", "date"], undefined, "prices.hosted.pusher.date"],
    ["an assumption missing", ["assumptions", "headroom"], undefined, "prices.assumptions.headroom"],
    ["no server", ["servers"], [], "prices.servers"],
  ])("are refused with %s", (_, path, value, where) => {
    expect(refusal(() => readPrices(changed(file, path, value))).path).toBe(where);
  });

  it("in euros are taken in dollars, by the rate in the file", () => {
    const prices = readPrices(changed(file, ["dollarsPerEuro", "value"], 2));
    expect(prices.servers[0]?.dollars).toBeCloseTo(12.98, 9);
  });
});
