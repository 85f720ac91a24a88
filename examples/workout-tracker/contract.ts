/**
 * The contract: every topic of the tracker, with what the server says on it and the commands that clients send.
 *
 * What clients publish are commands only. Each is taken by a handler of the server, which answers it; what others hear of it is an event
 * of another name, with the sender's identity put in by the server. State is asked for by `load`, whose answers are in `answers.ts`.
 */
import { conflated, defineTopics, type TopicMap, volatile } from "@bellwire/core";
import { z } from "zod";
import {
  achievement,
  activity,
  alert,
  announcement,
  correction,
  id,
  kind,
  message,
  place,
  progress,
  seeker,
  session,
  standing,
  workout,
  written,
} from "./things.ts";

const nothing = z.object({});
/** Bytes of Yjs in base64; what a client sends has to fit into one message. */
const bytes = z.base64().max(48_000);
/** What the server says may have grown by merging. */
const merged = z.base64();
const metres = z.number().int().min(1).max(300_000);

export const topics = defineTopics({
  /** One user's own things, on all of the user's devices. */
  "private-user.{userId}": {
    workoutChanged: workout,
    progressChanged: conflated(progress),
    alertRaised: alert,
    achievementUnlocked: achievement,
    load: nothing,
    /** Answered at once: the panel measures with it. */
    ping: volatile(nothing),
    startWorkout: z.object({ kind }),
    completeWorkout: z.object({
      id,
      metres: metres.or(z.literal(0)),
      calories: z.number().int().min(1).max(20_000),
    }),
    setGoal: z.object({ target: z.number().int().min(50).max(100_000) }),
  },
  /** The live workouts that are open. */
  "private-sessions": {
    opened: session,
    closed: z.object({ id }),
    load: nothing,
    open: z.object({ title: written(80), kind }),
    /** By its host only. */
    close: z.object({ id }),
  },
  /** One live workout. Who is subscribed takes part. */
  "presence-session.{sessionId}": {
    moved: conflated(standing, { key: ({ userId }) => userId }),
    load: nothing,
    move: volatile(
      z.object({ metres: z.number().int().min(0).max(300_000), pulse: z.number().int().min(0).max(250) }),
    ),
  },
  "private-challenge.{challengeId}": {
    /** The first ten. */
    leaderboard: conflated(z.object({ places: z.array(place) })),
    submitted: activity,
    load: nothing,
    submit: z.object({ metres }),
  },
  /** A trainer and a client. Its members are who of the two is online. */
  "presence-coaching.{coachingId}": {
    said: message,
    corrected: correction,
    typing: volatile(z.object({ userId: id, name: z.string() })),
    load: nothing,
    say: z.object({ text: written(2_000) }),
    /** By the trainer only. */
    correct: z.object({ exercise: written(80), text: written(500) }),
    type: volatile(nothing),
  },
  /** Who looks for a partner. Who leaves this topic looks no more, a few seconds later. */
  "presence-matching": {
    available: seeker,
    gone: z.object({ userId: id }),
    load: nothing,
    seek: z.object({ kind }),
    stop: nothing,
    pair: z.object({ userId: id }),
  },
  /** A training plan, which is a Yjs document. */
  "presence-plan.{planId}": {
    updated: z.object({ update: merged }),
    aware: volatile(z.object({ state: bytes })),
    /** With the state vector of what the client has: answered with the rest, and what the server has. */
    load: z.object({ vector: bytes }),
    update: z.object({ update: bytes }),
    move: volatile(z.object({ state: bytes })),
  },
  /** From an administrator to everyone. */
  "private-announcements": {
    made: announcement,
    load: nothing,
    /** By an administrator only. */
    announce: z.object({ text: written(500) }),
  },
});

/** The contract's map, for types. */
export type Topics = (typeof topics)["map"];

type Commands<M extends TopicMap> = { readonly [P in keyof M]: readonly (keyof M[P] & string)[] };

/** What clients may send. Everything else comes from the server alone. */
export const commands = {
  "private-user.{userId}": ["load", "ping", "startWorkout", "completeWorkout", "setGoal"],
  "private-sessions": ["load", "open", "close"],
  "presence-session.{sessionId}": ["load", "move"],
  "private-challenge.{challengeId}": ["load", "submit"],
  "presence-coaching.{coachingId}": ["load", "say", "correct", "type"],
  "presence-matching": ["load", "seek", "stop", "pair"],
  "presence-plan.{planId}": ["load", "update", "move"],
  "private-announcements": ["load", "announce"],
} as const satisfies Commands<Topics>;
