/** The server's answers to commands, for the contract. */
import { z } from "zod";
import {
  achievement,
  activity,
  alert,
  announcement,
  challenge,
  coaching,
  correction,
  id,
  message,
  pairing,
  person,
  place,
  plan,
  progress,
  seeker,
  session,
  standing,
  workout,
} from "./things.ts";

/**
 * To `load`, by what the topic is about. Lists begin with the newest, conversations with the
 * oldest.
 */
export const loaded = {
  user: z.object({
    user: person,
    workouts: z.array(workout),
    progress,
    alerts: z.array(alert),
    achievements: z.array(achievement),
    challenges: z.array(challenge),
    coachings: z.array(coaching),
    plans: z.array(plan),
  }),
  sessions: z.object({ sessions: z.array(session) }),
  session: z.object({ standings: z.array(standing) }),
  challenge: z.object({ places: z.array(place), activities: z.array(activity) }),
  coaching: z.object({ messages: z.array(message), corrections: z.array(correction) }),
  matching: z.object({
    here: z.object({ latitude: z.number(), longitude: z.number() }),
    seekers: z.array(seeker),
    pairings: z.array(pairing),
  }),
  plan: z.object({ update: z.base64(), vector: z.base64() }),
  announcements: z.object({ announcements: z.array(announcement) }),
};

/** To commands that make or change something. */
export const done = {
  workout: z.object({ workout }),
  session: z.object({ id }),
  /** The sender's metres in the challenge, and the rank (1 is the best). */
  submitted: z.object({ metres: z.number().int(), rank: z.number().int() }),
  /** False: somebody else was faster, or the other looks no more. */
  paired: z.object({ paired: z.boolean() }),
};
