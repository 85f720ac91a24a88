/**
 * The cost of an option per month. Self-hosted: measured CPU, memory and bytes become processes,
 * servers and traffic. Hosted: the cheapest published plan that is large enough. Without a
 * measurement, or above the last plan, a cost is unknown.
 */
import { type Evidence, type Measurement, measurementOf } from "./evidence.ts";
import type { OptionEntry } from "./matrix.ts";
import type { Assumptions, Plan, Prices, ServerPrice } from "./prices.ts";
import type { Requirements } from "./requirements.ts";
import { answer, priceRef, type Ref, type Statement, sourceRefs, statement } from "./statement.ts";

/** Bytes of data in the notifications of the fan-out, which `fan-out/wire-bytes` holds. */
const FAN_OUT_BYTES = 128;

/** The measured inputs of the model. */
export interface Load {
  /** Server CPU per delivery. */
  readonly cpuMicroseconds: number;
  /** Resident memory per idle connection. */
  readonly memoryKiB: number;
  /** Bytes that the server's sockets write per delivery, TCP and IP not included. */
  readonly wireBytes: number;
}

/** The resources that must be provided. */
export interface Sizing {
  readonly deliveriesPerSecond: number;
  /** Cores of CPU at the busiest second, without headroom. */
  readonly coresAtPeak: number;
  readonly processes: number;
  /** With headroom. */
  readonly memoryGiB: number;
  readonly egressGB: number;
  readonly server: ServerPrice;
  readonly servers: number;
}

/** The cost of one option. */
export interface Cost {
  /** US dollars per month for servers, traffic and services; undefined: unknown. */
  readonly money: number | undefined;
  /** US dollars per month for whoever operates it; undefined: not counted. */
  readonly hours: number | undefined;
  /** Hub processes, from connections alone where CPU is not measured; 0 where there are none. */
  readonly processes: number;
  readonly statements: readonly Statement[];
  readonly refs: readonly Ref[];
}

/** The processes that the connections alone need. */
export function processesForConnections(users: number, assumed: Assumptions): number {
  return Math.max(1, Math.ceil(users / assumed.connectionsPerProcess));
}

/** Sizes a self-hosted option; `load` is as measured. */
export function size(needs: Requirements, load: Load, prices: Prices): Sizing {
  const assumed = prices.assumptions;
  const deliveriesPerSecond = needs.messagesPerSecond * needs.recipients;
  const coresAtPeak = (deliveriesPerSecond * assumed.peakFactor * load.cpuMicroseconds) / 1e6;
  const processes = Math.max(
    processesForConnections(needs.users, assumed),
    Math.ceil(coresAtPeak * assumed.headroom),
  );
  const memoryGiB =
    (needs.users * load.memoryKiB * assumed.headroom) / 1024 ** 2 +
    (processes * assumed.memoryPerProcessMiB) / 1024;
  const days = assumed.daysPerMonth * 86_400;
  const delivered = deliveriesPerSecond * (needs.activeHours / 24) * days;
  const perDelivery = Math.max(0, load.wireBytes - FAN_OUT_BYTES) + needs.bytes + assumed.packetBytes;
  const pings = (needs.users / assumed.pingSeconds) * days;
  const egressGB = (delivered * perDelivery + pings * (assumed.pingBytes + assumed.packetBytes)) / 1e9;
  const count = (server: ServerPrice): number => {
    const needed = Math.max(Math.ceil(processes / server.cores), Math.ceil(memoryGiB / server.memoryGiB));
    return needed === 1 ? 1 : needed + assumed.spareServers;
  };
  const [best] = prices.servers
    .filter(({ shared }) => !shared || processes === 1)
    .toSorted((a, b) => count(a) * a.dollars - count(b) * b.dollars);
  const server = best as ServerPrice;
  return { deliveriesPerSecond, coresAtPeak, processes, memoryGiB, egressGB, server, servers: count(server) };
}

/** Messages per day as Pusher counts them: one for each publish and one for each delivery. */
export function hostedMessagesPerDay(needs: Requirements): number {
  return needs.messagesPerSecond * (1 + needs.recipients) * needs.activeHours * 3_600;
}

/** The cheapest plan with room for all; undefined above the last one. */
export function planFor(needs: Requirements, plans: readonly Plan[]): Plan | undefined {
  const messages = hostedMessagesPerDay(needs);
  return plans.find((plan) => plan.connections >= needs.users && plan.messagesPerDay >= messages);
}

/** The cost of an option. */
export function costOf(option: OptionEntry, needs: Requirements, evidence: Evidence, prices: Prices): Cost {
  return option.operated === "hosted"
    ? hostedCost(option, needs, prices)
    : ownCost(option, needs, evidence, prices);
}

function hoursOf(needs: Requirements, hours: number): number | undefined {
  return needs.operatorHour === null ? undefined : needs.operatorHour * hours;
}

function hostedCost(option: OptionEntry, needs: Requirements, prices: Prices): Cost {
  const plan = planFor(needs, prices.pusher.plans);
  const messages = Math.round(hostedMessagesPerDay(needs)).toLocaleString("en-US");
  const load = `${needs.users.toLocaleString("en-US")} connections and ${messages} messages a day`;
  const asked = [answer("users"), answer("messagesPerSecond"), answer("recipients"), answer("activeHours")];
  const from = [priceRef("hosted/pusher"), ...sourceRefs([prices.pusher.source])];
  return {
    money: plan?.dollars,
    hours: hoursOf(needs, prices.assumptions.hoursHosted),
    processes: 0,
    refs: from,
    statements: [
      plan
        ? statement(`${option.name}: ${load} fit the plan ${plan.name} at $${plan.dollars} a month`, [
            ...asked,
            ...from,
          ])
        : statement(`${option.name}: ${load} are above the last published plan, so the price is unknown`, [
            ...asked,
            ...from,
          ]),
    ],
  };
}

function ownCost(option: OptionEntry, needs: Requirements, evidence: Evidence, prices: Prices): Cost {
  const figures = {
    cpu: measurementOf(evidence, option, "fan-out/server-cpu-1"),
    memory: measurementOf(evidence, option, "idle-memory/rss-per-connection"),
    wire: measurementOf(evidence, option, "fan-out/wire-bytes"),
  };
  const load = loadOf(figures);
  const hours = hoursOf(needs, prices.assumptions.hoursSelf);
  const assumed = priceRef("assumptions");
  if (!load) {
    const missing = [
      ...(inMicroseconds(figures.cpu) === undefined ? ["CPU per delivery"] : []),
      ...(inKiB(figures.memory) === undefined ? ["memory per connection"] : []),
      ...(inBytes(figures.wire) === undefined ? ["bytes per delivery"] : []),
    ];
    const text = `${option.name}: the cost is unknown, because on networks like theirs there is no measurement of ${missing.join(", ")}`;
    return {
      money: undefined,
      hours,
      processes: processesForConnections(needs.users, prices.assumptions),
      refs: [assumed],
      statements: [statement(text, [assumed, ...measuredRefs(figures)])],
    };
  }
  const sized = size(needs, load, prices);
  const traffic = sized.egressGB * prices.egress.dollarsPerGB;
  const money = sized.servers * sized.server.dollars + traffic;
  const rent = [priceRef(`servers/${sized.server.id}`), ...sourceRefs([sized.server.source])];
  const refs = [...measuredRefs(figures), ...rent, priceRef("egress"), ...sourceRefs([prices.egress.source])];
  const { coresAtPeak, memoryGiB, processes, servers } = sized;
  return {
    money,
    hours,
    processes,
    refs,
    statements: [
      statement(
        `${option.name}: ${digits(sized.deliveriesPerSecond)} deliveries per second need ${digits(coresAtPeak)} cores at the busiest second and ${digits(memoryGiB)} GiB with headroom, in ${processes} ${processes === 1 ? "process" : "processes"}`,
        [
          ...measuredRefs(figures),
          assumed,
          answer("users"),
          answer("messagesPerSecond"),
          answer("recipients"),
        ],
      ),
      statement(
        `${option.name}: ${servers} × ${sized.server.name} and ${digits(sized.egressGB)} GB of traffic cost $${money.toFixed(2)} a month`,
        [...rent, priceRef("egress"), ...sourceRefs([prices.egress.source])],
      ),
    ],
  };
}

interface Figures {
  readonly cpu: Measurement | undefined;
  readonly memory: Measurement | undefined;
  readonly wire: Measurement | undefined;
}

function loadOf({ cpu, memory, wire }: Figures): Load | undefined {
  const cpuMicroseconds = inMicroseconds(cpu);
  const memoryKiB = inKiB(memory);
  const wireBytes = inBytes(wire);
  if (cpuMicroseconds === undefined || memoryKiB === undefined || wireBytes === undefined) return undefined;
  return { cpuMicroseconds, memoryKiB, wireBytes };
}

function measuredRefs({ cpu, memory, wire }: Figures): Ref[] {
  return [cpu, memory, wire].flatMap((figure) => figure?.refs.slice(0, 1) ?? []);
}

function inMicroseconds(figure: Measurement | undefined): number | undefined {
  if (figure?.unit === "µs") return figure.value;
  return figure?.unit === "ms" ? figure.value * 1_000 : undefined;
}

function inBytes(figure: Measurement | undefined): number | undefined {
  if (figure?.unit === "B") return figure.value;
  return figure?.unit === "KiB" ? figure.value * 1_024 : undefined;
}

function inKiB(figure: Measurement | undefined): number | undefined {
  const bytes = inBytes(figure);
  return bytes === undefined ? undefined : bytes / 1_024;
}

function digits(value: number): string {
  return value >= 100 || value === 0 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(2);
}
