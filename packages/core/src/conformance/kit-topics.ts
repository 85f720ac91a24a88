/** The contract of the kit's hubs and channels. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type Contract, conflated, defineTopics, type EventDefinition, volatile } from "../contract.ts";

/** The data of every event of the kit: a number to tell notifications apart, and any text. */
export interface Numbered {
  readonly n: number;
  readonly text?: unknown;
}

/** A schema without a library: it accepts an object with a number `n`. */
const numbered: StandardSchemaV1<Numbered, Numbered> = {
  "~standard": {
    version: 1,
    vendor: "bellwire",
    validate: (value) =>
      typeof value === "object" && value !== null && "n" in value && typeof value.n === "number"
        ? { value: value as Numbered }
        : { issues: [{ message: "must be a number", path: ["n"] }] },
  },
};

type Plain = StandardSchemaV1<Numbered, Numbered>;

/** The kit's topics, spelled out since declarations are generated file by file. */
export type KitTopics = {
  /** Logged events, and volatile ones. A slow consumer is disconnected. */
  readonly "news.{name}": { readonly said: Plain; readonly typing: EventDefinition<Plain, "volatile"> };
  /** A slow consumer is given a gap. */
  readonly "ticks.{name}": { readonly said: Plain };
  /** A slow consumer gets the newest of each `text`. */
  readonly "scores.{name}": { readonly scored: EventDefinition<Plain, "conflated"> };
  readonly "private-room.{name}": { readonly said: Plain };
  readonly "presence-room.{name}": { readonly said: Plain };
  /** `place` is a command; `said` is not. */
  readonly "orders.{name}": { readonly place: Plain; readonly said: Plain };
};

const map: KitTopics = {
  "news.{name}": { said: numbered, typing: volatile(numbered) },
  "ticks.{name}": { said: numbered },
  "scores.{name}": { scored: conflated(numbered, { key: ({ text }) => String(text) }) },
  "private-room.{name}": { said: numbered },
  "presence-room.{name}": { said: numbered },
  "orders.{name}": { place: numbered, said: numbered },
};

/** The contract of the kit's channels. */
export const kitTopics: Contract<KitTopics> = defineTopics(map);

/** The contract of the kit's hubs: one more event, as when the server is updated first. */
export const newerKitTopics: Contract<KitTopics> = defineTopics({
  ...map,
  "news.{name}": { ...map["news.{name}"], invented: numbered },
});

/** A concrete topic of the kit. */
export type KitTopic =
  | `news.${string}`
  | `ticks.${string}`
  | `scores.${string}`
  | `private-room.${string}`
  | `presence-room.${string}`
  | `orders.${string}`;

/** An event of the kit, whatever its topic. */
export type KitEvent = "said" | "typing" | "scored" | "place" | "invented";
