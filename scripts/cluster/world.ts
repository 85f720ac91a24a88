/** The words between the driver and its hub processes, and the contract of the hubs. */
import { defineTopics, type } from "@bellwire/core";
import type { HistoryCaps } from "@bellwire/core/server";
import type { Mistake } from "./mistakes.ts";

/** A number that tells a topic's notifications apart. */
export interface Numbered {
  readonly n: number;
}

export const topics = defineTopics({
  "news.{name}": { said: type<Numbered>() },
  "presence-room.{name}": { said: type<Numbered>() },
});

/** The application that the hubs serve over Pusher's protocol. */
export const APP = { id: "1", key: "bellwire", secret: "for tests" };

/** An engine as a hub reaches it, perhaps through a proxy. */
export interface EngineAddress {
  readonly provider: "redis" | "postgres";
  readonly url: string;
  /** Whether the hubs may trust that a restart of the engine loses nothing. */
  readonly trusted?: boolean | undefined;
}

/** Everything that a hub process is told when it starts. */
export interface HubSpec {
  readonly name: string;
  readonly engine: EngineAddress;
  /** Separates the keys of one round from those of others. */
  readonly prefix: string;
  readonly history: Partial<HistoryCaps>;
  /** Milliseconds between two position checks. */
  readonly positionCheck: number;
  /** The file that takes the log of its publishes, one JSON array a line. */
  readonly log: string;
  /** Rights that were taken before it started. */
  readonly denied?: readonly Denied[] | undefined;
  /** The mistake that this cluster makes on purpose. */
  readonly mistake?: Mistake | undefined;
}

/** A user who may not subscribe to a topic any more. */
export interface Denied {
  readonly user: string;
  readonly topic: string;
}

/** A command to a hub process. */
export type Ask =
  /** Publishes to the topics in turn, so many times a second, until `rest`. */
  | { readonly ask: "load"; readonly topics: readonly string[]; readonly rate: number }
  /** Ends the load; answered when every publish has its answer. */
  | { readonly ask: "rest" }
  /** Authorization refuses it from now on; nothing that was given is taken. */
  | ({ readonly ask: "deny" } & Denied)
  | ({ readonly ask: "revoke" } & Denied);

/** A message of a hub process. */
export type Tell =
  | { readonly tell: "ready"; readonly port: number }
  | { readonly tell: "rested" }
  | { readonly tell: "revoked" }
  /** An error that nothing caught, or one without a code. */
  | { readonly tell: "uncaught"; readonly text: string };

/** A line of a publish log: an attempt, written before it is made, and its acknowledgement. */
export type LogLine =
  | readonly ["attempt", topic: string, id: string, n: number]
  | readonly ["acknowledged", id: string, epoch: string, offset: number];
