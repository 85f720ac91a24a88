/** The contract of these tests. */
import { defineTopics, type } from "@bellwire/core";

export const topics = defineTopics({
  "workouts.{userId}": { completed: type<{ calories: number }>(), progress: type<{ done: number }>() },
});
