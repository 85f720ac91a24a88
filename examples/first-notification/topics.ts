// topics.ts
import { defineTopics } from "@bellwire/core";
import { z } from "zod"; // or any other Standard Schema, or types alone

export const topics = defineTopics({
  "workouts.{userId}": { completed: z.object({ workoutId: z.string(), calories: z.number() }) },
});
