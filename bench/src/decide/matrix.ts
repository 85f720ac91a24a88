/**
 * The curated part of the evidence: judgements with reasons, sources and dates, and the limits that
 * exclude an option.
 */
import {
  address,
  checkObject,
  day,
  InvalidInput,
  isObject,
  type JsonObject,
  list,
  numberFrom,
  oneOf,
  text,
} from "./input.ts";
import type { Source } from "./statement.ts";

/** The options to choose from. */
export const OPTIONS = ["ws", "sse", "socketio", "pusher", "fallback"] as const;
export type OptionId = (typeof OPTIONS)[number];

/** Judged from sources. */
export const CURATED = [
  "ease",
  "scalability",
  "platforms",
  "integration",
  "community",
  "documentation",
  "access",
  "sync",
  "reach",
  "operations",
] as const;
/** Measured by the benchmark; unknown without results. */
export const MEASURED = ["efficiency", "latency", "recovery"] as const;
/** Everything that is weighed. `cost` comes from the cost model. */
export const CRITERIA = [...CURATED, "cost", ...MEASURED] as const;
export type CriterionId = (typeof CRITERIA)[number];

/** A judgement. */
export interface Cell {
  /** From 0, does not serve, to 4, serves best. */
  readonly score: number;
  /** Why, as one sentence without its full stop. */
  readonly says: string;
  readonly sources: readonly Source[];
  readonly date: string;
}

/** When a limit excludes; exactly one of them is set. */
export interface LimitRule {
  /** The proxies of all users block WebSockets. */
  readonly websocketBlocked?: true;
  readonly onPremises?: true;
  /** Nothing of the team's own can stay running. */
  readonly noProcess?: true;
  /** As before, and history is needed. */
  readonly historyWithoutProcess?: true;
  /** The load needs several processes, and users cannot be divided among them. */
  readonly severalProcesses?: true;
  readonly presenceMembersOver?: number;
  readonly bytesOver?: number;
  /** Tabs that each have a connection of their own. */
  readonly tabsOverWithoutHttp2?: number;
}

/** A limit of an option. */
export interface Limit {
  readonly option: OptionId;
  readonly rule: LimitRule;
  readonly says: string;
  readonly sources: readonly Source[];
  /** Where it is in the file: `limits/0`. */
  readonly path: string;
}

/** One option. */
export interface OptionEntry {
  readonly id: OptionId;
  readonly name: string;
  readonly summary: string;
  readonly operated: "self" | "hosted";
  /**
   * Rows of the benchmark that stand for it, where WebSockets pass and where proxies block them; of
   * several that were measured, the worst figure does.
   */
  readonly contenders: { readonly open: readonly string[]; readonly blocked: readonly string[] };
  readonly sources: readonly Source[];
}

/** One criterion. */
export interface Criterion {
  readonly name: string;
  /**
   * The figures that a measured one is the mean of, as `scenario/metric`; of each group the first
   * that the results have.
   */
  readonly figures: readonly (readonly string[])[];
}

/** The whole matrix. */
export interface Matrix {
  /** When it was last gone through. */
  readonly date: string;
  readonly options: Readonly<Record<OptionId, OptionEntry>>;
  readonly criteria: Readonly<Record<CriterionId, Criterion>>;
  readonly cells: Readonly<Record<OptionId, Readonly<Partial<Record<CriterionId, Cell>>>>>;
  readonly limits: readonly Limit[];
  readonly sources: readonly Source[];
}

const FLAGS = ["websocketBlocked", "onPremises", "noProcess", "historyWithoutProcess", "severalProcesses"];
const BOUNDS = ["presenceMembersOver", "bytesOver", "tabsOverWithoutHttp2"];

/**
 * A matrix from JSON. Throws {@link InvalidInput} for the first thing that is missing, unknown or
 * without a source.
 */
export function readMatrix(value: unknown, path = "matrix"): Matrix {
  const object = { allowed: "an object", test: isObject };
  checkObject(
    path,
    value,
    {
      date: day,
      note: text,
      sources: object,
      options: object,
      criteria: object,
      cells: object,
      limits: list,
    },
    ["note"],
  );
  const sources = readSources(value.sources as JsonObject, `${path}.sources`);
  const cite = (ids: unknown, where: string): Source[] => {
    if (!Array.isArray(ids) || ids.length === 0)
      throw new InvalidInput(where, "a list with at least one source");
    return ids.map((id: unknown, index) => {
      const source = typeof id === "string" ? sources.get(id) : undefined;
      if (!source) throw new InvalidInput(`${where}[${index}]`, `a key of ${path}.sources`);
      return source;
    });
  };
  const each = <Id extends string, T>(
    key: string,
    ids: readonly Id[],
    read: (one: unknown, where: string, id: Id) => T,
  ): Record<Id, T> => {
    const all = value[key] as JsonObject;
    checkObject(`${path}.${key}`, all, Object.fromEntries(ids.map((id) => [id, object])));
    const read1 = (id: Id): [Id, T] => [id, read(all[id], `${path}.${key}.${id}`, id)];
    return Object.fromEntries(ids.map(read1)) as Record<Id, T>;
  };
  return {
    date: value.date as string,
    sources: [...sources.values()],
    options: each("options", OPTIONS, (one, where, id) => readOption(one, where, id, cite)),
    criteria: each("criteria", CRITERIA, (one, where) => {
      const from = oneOf("curated", "modelled", "measured");
      checkObject(where, one, { name: text, from, figures: groups }, ["figures"]);
      return { name: one.name as string, figures: (one.figures ?? []) as Criterion["figures"] };
    }),
    cells: each("cells", OPTIONS, (one, where) => {
      const ids = [...CURATED, "cost"];
      checkObject(where, one, Object.fromEntries(ids.map((id) => [id, object])));
      return Object.fromEntries(ids.map((id) => [id, readCell(one[id], `${where}.${id}`, cite)]));
    }),
    limits: (value.limits as unknown[]).map((one, index) => {
      const where = `${path}.limits[${index}]`;
      checkObject(where, one, { option: oneOf(...OPTIONS), rule: object, says: text, sources: list });
      return {
        option: one.option as OptionId,
        rule: readRule(one.rule, `${where}.rule`),
        says: one.says as string,
        sources: cite(one.sources, `${where}.sources`),
        path: `limits/${index}`,
      };
    }),
  };
}

const objects = { allowed: "an object", test: isObject };
const names = {
  allowed: "a list of names",
  test: (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === "string"),
};
const groups = {
  allowed: 'a list of lists such as [["latency/p99"]]',
  test: (value: unknown): boolean =>
    Array.isArray(value) &&
    value.every(
      (group) => Array.isArray(group) && group.every((one) => typeof one === "string" && one.includes("/")),
    ),
};

type Cite = (ids: unknown, where: string) => Source[];

function readSources(all: JsonObject, path: string): Map<string, Source> {
  return new Map(
    Object.entries(all).map(([id, one]) => {
      checkObject(`${path}.${id}`, one, { title: text, url: address, date: day });
      return [id, one as unknown as Source];
    }),
  );
}

function readOption(value: unknown, where: string, id: OptionId, cite: Cite): OptionEntry {
  const rules = {
    name: text,
    summary: text,
    operated: oneOf("self", "hosted"),
    contenders: objects,
    sources: list,
  };
  checkObject(where, value, rules);
  checkObject(`${where}.contenders`, value.contenders, { open: names, blocked: names });
  return { ...(value as unknown as OptionEntry), id, sources: cite(value.sources, `${where}.sources`) };
}

function readCell(value: unknown, where: string, cite: Cite): Cell {
  const score = {
    allowed: "a number from 0 to 4",
    test: (given: unknown) => numberFrom(0).test(given) && (given as number) <= 4,
  };
  checkObject(where, value, { score, says: text, sources: list, date: day });
  return { ...(value as unknown as Cell), sources: cite(value.sources, `${where}.sources`) };
}

function readRule(value: unknown, where: string): LimitRule {
  const rules = [
    ...FLAGS.map((key) => [key, { allowed: "true", test: (given: unknown) => given === true }] as const),
    ...BOUNDS.map((key) => [key, numberFrom(0)] as const),
  ];
  checkObject(where, value, Object.fromEntries(rules), [...FLAGS, ...BOUNDS]);
  if (Object.keys(value).length !== 1) throw new InvalidInput(where, "an object with exactly one key");
  return value;
}
