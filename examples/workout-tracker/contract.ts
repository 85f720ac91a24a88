/**
 * The contract: every topic of the tracker, with the server's events on it and the commands of
 * clients.
 *
 * Clients publish commands only. A handler of the server takes each one and answers it; others
 * receive an event of another name, in which the server has put the sender's identity. `load` asks
 * for state; the answers are in `answers.ts`.
 */
import { command, conflated, defineTopics, volatile } from "@bellwire/core";
import { z } from "zod";
import { done, loaded } from "./answers.ts";
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
/** A text of the server may have grown by merging. */
const merged = z.base64();
const metres = z.number().int().min(1).max(300_000);

export const topics = defineTopics({
  /** One user's own things, on all of the user's devices. */
  "private-user.{userId}": {
    workoutChanged: workout,
    progressChanged: conflated(progress),
    alertRaised: alert,
    achievementUnlocked: achievement,
    load: command(nothing, loaded.user),
    /** Answered at once: the panel measures with it. */
    ping: command(volatile(nothing)),
    startWorkout: command(z.object({ kind }), done.workout),
    completeWorkout: command(
      z.object({ id, metres: metres.or(z.literal(0)), calories: z.number().int().min(1).max(20_000) }),
      done.workout,
    ),
    setGoal: command(z.object({ target: z.number().int().min(50).max(100_000) })),
  },
  /** The live workouts that are open. */
  "private-sessions": {
    opened: session,
    closed: z.object({ id }),
    load: command(nothing, loaded.sessions),
    open: command(z.object({ title: written(80), kind }), done.session),
    /** By its host only. */
    close: command(z.object({ id })),
  },
  /** One live workout. Its subscribers take part. */
  "presence-session.{sessionId}": {
    moved: conflated(standing, { key: ({ userId }) => userId }),
    load: command(nothing, loaded.session),
    move: command(
      volatile(
        z.object({ metres: z.number().int().min(0).max(300_000), pulse: z.number().int().min(0).max(250) }),
      ),
    ),
  },
  "private-challenge.{challengeId}": {
    /** The first ten. */
    leaderboard: conflated(z.object({ places: z.array(place) })),
    submitted: activity,
    load: command(nothing, loaded.challenge),
    submit: command(z.object({ metres }), done.submitted),
  },
  /** A trainer and a client. Its members are who of the two is online. */
  "presence-coaching.{coachingId}": {
    said: message,
    corrected: correction,
    typing: volatile(z.object({ userId: id, name: z.string() })),
    load: command(nothing, loaded.coaching),
    say: command(z.object({ text: written(2_000) })),
    /** By the trainer only. */
    correct: command(z.object({ exercise: written(80), text: written(500) })),
    type: command(volatile(nothing)),
  },
  /**
   * Members who look for a partner. A member who leaves this topic stops looking a few seconds
   * later.
   */
  "presence-matching": {
    available: seeker,
    gone: z.object({ userId: id }),
    load: command(nothing, loaded.matching),
    seek: command(z.object({ kind })),
    stop: command(nothing),
    pair: command(z.object({ userId: id }), done.paired),
  },
  /** A training plan, which is a Yjs document. */
  "presence-plan.{planId}": {
    updated: z.object({ update: merged }),
    aware: volatile(z.object({ state: bytes })),
    /**
     * With the state vector of what the client has: answered with the rest, and what the server
     * has.
     */
    load: command(z.object({ vector: bytes }), loaded.plan),
    update: command(z.object({ update: bytes })),
    move: command(volatile(z.object({ state: bytes }))),
  },
  /** From an administrator to everyone. */
  "private-announcements": {
    made: announcement,
    load: command(nothing, loaded.announcements),
    /** By an administrator only. */
    announce: command(z.object({ text: written(500) })),
  },
});

/** The contract's map, for types. */
export type Topics = (typeof topics)["map"];
