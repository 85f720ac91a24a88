// topics.ts: the contract, shared by both sides
import { defineTopics, type } from "@bellwire/core";

export const topics = defineTopics({
  "bells.{door}": {
    ring: type<{ by: string }>(), // what clients ask for
    rang: type<{ by: string }>(), // what everybody hears
  },
});
