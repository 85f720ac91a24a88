/** Prices, and the assumptions of the cost model, each with its page and its date. */
import {
  address,
  checkObject,
  day,
  flag,
  InvalidInput,
  isObject,
  type JsonObject,
  list,
  numberFrom,
  oneOf,
  text,
} from "./input.ts";
import type { Source } from "./statement.ts";

/** A server that can be rented. */
export interface ServerPrice {
  readonly id: string;
  readonly name: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** Cores that others use too: taken for what one process needs, and not for more. */
  readonly shared: boolean;
  /** US dollars per month. */
  readonly dollars: number;
  readonly source: Source;
}

/** A plan of a hosted service. */
export interface Plan {
  readonly name: string;
  /** US dollars per month. */
  readonly dollars: number;
  readonly connections: number;
  readonly messagesPerDay: number;
}

/** Assumptions that nobody has measured. */
export interface Assumptions {
  /** The busiest second, in averages. */
  readonly peakFactor: number;
  /** How many times what is needed is provided. */
  readonly headroom: number;
  readonly connectionsPerProcess: number;
  readonly memoryPerProcessMiB: number;
  /** TCP and IP around each delivery, which `wire-bytes` leaves out. */
  readonly packetBytes: number;
  /** Seconds between pings to a link that is quiet. */
  readonly pingSeconds: number;
  /** Bytes of a ping, TCP and IP not included. */
  readonly pingBytes: number;
  /** Servers beyond those needed, wherever more than one is needed. */
  readonly spareServers: number;
  readonly daysPerMonth: number;
  /** Hours of work per month, for what one operates oneself and for what is hosted. */
  readonly hoursSelf: number;
  readonly hoursHosted: number;
}

/** All prices, in US dollars. */
export interface Prices {
  readonly servers: readonly ServerPrice[];
  readonly egress: { readonly dollarsPerGB: number; readonly source: Source };
  readonly pusher: { readonly plans: readonly Plan[]; readonly source: Source };
  readonly assumptions: Assumptions;
  /** Of every price. */
  readonly sources: readonly Source[];
}

const object = { allowed: "an object", test: isObject };
const amount = numberFrom(0);
const positive = { allowed: "a number above 0", test: (value: unknown) => amount.test(value) && value !== 0 };
const origin = { date: day, title: text, url: address };
const currency = oneOf("USD", "EUR");

/**
 * Prices from JSON, in dollars by the rate in the file. Throws {@link InvalidInput} for the first
 * that is wrong or has no source.
 */
export function readPrices(value: unknown, path = "prices"): Prices {
  const parts = {
    dollarsPerEuro: object,
    servers: list,
    egress: object,
    hosted: object,
    assumptions: object,
  };
  checkObject(path, value, { note: text, ...parts }, ["note"]);
  const rate = value.dollarsPerEuro;
  checkObject(`${path}.dollarsPerEuro`, rate, { value: positive, ...origin });
  const dollars = (price: unknown, of: unknown): number =>
    (price as number) * (of === "EUR" ? (rate.value as number) : 1);
  const servers = (value.servers as unknown[]).map((one, index) => {
    const rules = {
      id: text,
      name: text,
      cores: positive,
      memoryGiB: positive,
      shared: flag,
      price: amount,
      currency,
    };
    checkObject(`${path}.servers[${index}]`, one, { ...rules, ...origin });
    return {
      ...(one as unknown as ServerPrice),
      dollars: dollars(one.price, one.currency),
      source: sourceOf(one),
    };
  });
  if (!servers.some(({ shared }) => !shared))
    throw new InvalidInput(`${path}.servers`, "a list with at least one server that is not shared");
  const egress = value.egress;
  checkObject(`${path}.egress`, egress, { pricePerGB: amount, currency, ...origin, note: text }, ["note"]);
  const pusher = readPlans(value.hosted, `${path}.hosted`);
  checkAssumptions(value.assumptions, `${path}.assumptions`);
  const traffic = { dollarsPerGB: dollars(egress.pricePerGB, egress.currency), source: sourceOf(egress) };
  return {
    servers,
    egress: traffic,
    pusher,
    assumptions: value.assumptions as unknown as Assumptions,
    sources: [sourceOf(rate), ...servers.map(({ source }) => source), traffic.source, pusher.source],
  };
}

function sourceOf(value: JsonObject): Source {
  const { title, url, date } = value as unknown as Source;
  return { title, url, date };
}

function readPlans(hosted: unknown, path: string): Prices["pusher"] {
  checkObject(path, hosted, { pusher: object });
  checkObject(`${path}.pusher`, hosted.pusher, { ...origin, note: text, plans: list }, ["note"]);
  const plans = hosted.pusher.plans as unknown[];
  const rules = { name: text, dollars: amount, connections: positive, messagesPerDay: positive };
  plans.forEach((plan, index) => checkObject(`${path}.pusher.plans[${index}]`, plan, rules));
  const byPrice = (plans as unknown as Plan[]).toSorted((a, b) => a.dollars - b.dollars);
  return { plans: byPrice, source: sourceOf(hosted.pusher) };
}

function checkAssumptions(value: unknown, path: string): void {
  const from1 = numberFrom(1);
  checkObject(path, value, {
    peakFactor: from1,
    headroom: from1,
    connectionsPerProcess: from1,
    memoryPerProcessMiB: amount,
    packetBytes: amount,
    pingSeconds: positive,
    pingBytes: amount,
    spareServers: amount,
    daysPerMonth: positive,
    hoursSelf: amount,
    hoursHosted: amount,
  });
}
