/** The contract of these tests, registered for the hooks as a program does it. */

import { command, defineTopics, type, volatile } from "@bellwire/core";

/** A schema with a bug: it throws what it is given. */
const throwing = type<Error>();
Object.assign(throwing["~standard"], {
  validate: (value: unknown) => {
    throw value;
  },
});

export const topics = defineTopics({
  "news.{name}": { said: type<{ n: number }>(), told: type<{ text: string }>(), checked: throwing },
  "presence-room.{id}": { said: type<{ n: number }>() },
  "private-diary": { said: type<{ n: number }>() },
  orders: { place: command(type<{ n: number }>(), type<{ total: number }>()), "*": type<{ any: true }>() },
  cursors: { moved: volatile(type<{ x: number }>()) },
});

declare module "@bellwire/react" {
  interface Register {
    topics: typeof topics;
  }
}
