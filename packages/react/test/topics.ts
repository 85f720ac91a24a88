/** The contract of these tests, registered for the hooks as a program does it. */
import { defineTopics, type, volatile } from "@bellwire/core";

export const topics = defineTopics({
  "news.{name}": { said: type<{ n: number }>(), told: type<{ text: string }>() },
  "presence-room.{id}": { said: type<{ n: number }>() },
  "private-diary": { said: type<{ n: number }>() },
  cursors: { moved: volatile(type<{ x: number }>()) },
});

declare module "@bellwire/react" {
  interface Register {
    topics: typeof topics;
  }
}
