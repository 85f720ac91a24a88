/**
 * The shapes of the tracker's data on the wire. Times are milliseconds since 1970, distances
 * metres.
 */
import { z } from "zod";

/** An id that the server made; it may stand in a topic's name. */
export const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const time = z.number().int().nonnegative();
const count = z.number().int().nonnegative();

/**
 * Text that somebody wrote: something to read, and not without end. It is shown as text, whatever
 * is in it.
 */
export function written(most: number): z.ZodString {
  return z.string().max(most).regex(/\S/);
}

/** The kinds of workouts. */
export const kind = z.enum(["run", "ride", "row", "strength", "yoga"]);
export type Kind = z.infer<typeof kind>;

/** A person as others see them. */
export const person = z.object({ id, name: z.string(), role: z.enum(["member", "trainer", "admin"]) });
export type Person = z.infer<typeof person>;

/** A workout; without `endedAt` it is going on. */
export const workout = z.object({
  id,
  kind,
  startedAt: time,
  endedAt: time.nullable(),
  metres: count,
  calories: count,
});
export type Workout = z.infer<typeof workout>;

/** This week's calories against the goal, and where the week began (Monday, UTC). */
export const progress = z.object({ weekStart: time, calories: count, target: count, workouts: count });
export type Progress = z.infer<typeof progress>;

/** Something that the user should hear of once. Ids of a user's alerts grow. */
export const alert = z.object({
  id: z.number().int().positive(),
  kind: z.enum(["workout-completed", "goal-achieved", "achievement-unlocked", "paired", "corrected"]),
  title: z.string(),
  text: z.string(),
  at: time,
});
export type Alert = z.infer<typeof alert>;

export const achievement = z.object({ code: z.string(), title: z.string(), at: time });
export type Achievement = z.infer<typeof achievement>;

/** A live workout that others can join. */
export const session = z.object({
  id,
  title: z.string(),
  kind,
  host: id,
  hostName: z.string(),
  openedAt: time,
});
export type Session = z.infer<typeof session>;

/** How far one participant of a session has come. */
export const standing = z.object({ userId: id, name: z.string(), metres: count, pulse: count, at: time });
export type Standing = z.infer<typeof standing>;

export const challenge = z.object({ id, title: z.string(), targetMetres: count, endsAt: time });
export type Challenge = z.infer<typeof challenge>;

/** A row of a leaderboard; the first is the best. */
export const place = z.object({ userId: id, name: z.string(), metres: count });
export type Place = z.infer<typeof place>;

/** A contribution to a challenge. */
export const activity = z.object({ id, userId: id, name: z.string(), metres: count, at: time });
export type Activity = z.infer<typeof activity>;

/** A trainer and a client. */
export const coaching = z.object({
  id,
  trainer: id,
  trainerName: z.string(),
  client: id,
  clientName: z.string(),
});
export type Coaching = z.infer<typeof coaching>;

export const message = z.object({ id, from: id, name: z.string(), text: z.string(), at: time });
export type Message = z.infer<typeof message>;

/** A correction by the trainer. */
export const correction = z.object({ id, exercise: z.string(), text: z.string(), at: time });
export type Correction = z.infer<typeof correction>;

/**
 * A member who looks for a partner. The place is rounded to about 100 m, which is as much as others
 * are told.
 */
export const seeker = z.object({
  userId: id,
  name: z.string(),
  kind,
  latitude: z.number(),
  longitude: z.number(),
  since: time,
});
export type Seeker = z.infer<typeof seeker>;

/** Two who train together. */
export const pairing = z.object({ id, partner: id, partnerName: z.string(), kind, at: time });
export type Pairing = z.infer<typeof pairing>;

export const plan = z.object({ id, title: z.string() });
export type Plan = z.infer<typeof plan>;

export const announcement = z.object({ id, by: z.string(), text: z.string(), at: time });
export type Announcement = z.infer<typeof announcement>;
