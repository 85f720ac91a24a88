// topics.ts: the contract, shared by both sides
import { command, defineTopics, type } from "@bellwire/core";

export const topics = defineTopics({
  "bells.{door}": {
    ring: command(type<{ by: string }>()), // what clients ask for
    rang: type<{ by: string }>(), // what everybody hears
  },
});
