import { defineTopics, type } from "@bellwire/core";

export const topics = defineTopics({
  "workouts.{userId}": { completed: type<{ readonly workoutId: string; readonly calories: number }>() },
});
