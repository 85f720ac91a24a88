/**
 * One day of the club: who trains when, and every notification the app's server sends because of
 * it.
 */
import type { Random } from "../src/measure/random.ts";
import { chatText } from "./chat.ts";
import { CLUB_BOARD, type Club, chatRoom, type Member } from "./club.ts";

/** A notification of the day; `at` is milliseconds since midnight. */
export interface DayEvent {
  readonly at: number;
  readonly topic: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Hours at which a workout or a message begins; an hour is as likely as it is often here. */
const WORKOUT_HOURS = [
  6, 6, 6, 7, 7, 7, 8, 9, 10, 11, 12, 12, 13, 15, 16, 17, 17, 18, 18, 18, 19, 19, 20,
] as const;
const CHAT_HOURS = [
  6, 7, 7, 8, 9, 10, 11, 12, 12, 13, 14, 15, 16, 17, 18, 18, 19, 19, 20, 20, 21, 21, 22,
] as const;
const SPORTS = ["run", "ride", "row", "strength"] as const;
const GOALS = ["weekly-distance", "streak", "first-10k", "calories", "active-minutes"] as const;

/**
 * All of a day, in the order of time; events of the same millisecond stay in the order of their
 * cause.
 */
export function liveDay(club: Club, random: Random): DayEvent[] {
  const points = new Map(club.members.map((member) => [member.id, random.between(200, 900)]));
  const events: DayEvent[] = [];
  for (const member of club.members) {
    for (let workout = random.between(1, 2); workout > 0; workout -= 1) {
      events.push(...liveWorkout(club, member, points, random));
    }
    for (let talk = random.between(14, 26); talk > 0; talk -= 1) events.push(...liveTalk(member, random));
  }
  return events.toSorted((a, b) => a.at - b.at);
}

function timeWithin(hours: readonly number[], random: Random): number {
  return random.pick(hours) * HOUR + random.between(0, HOUR - 1);
}

/**
 * Live progress about every 8 seconds, a lap now and then, and at the end what the workout was
 * worth.
 */
function liveWorkout(club: Club, member: Member, points: Map<string, number>, random: Random): DayEvent[] {
  const topic = `workouts.${member.id}`;
  const sport = random.pick(SPORTS);
  const started = timeWithin(WORKOUT_HOURS, random);
  const length = random.between(18, 62) * MINUTE;
  const workoutId = `w${started.toString(36)}${member.id}`;
  const events: DayEvent[] = [];
  const laps: { lap: number; seconds: number; heartRate: number }[] = [];
  let heartRate = random.between(88, 104);
  let meters = 0;
  let lapAt = started;
  for (let at = started; at < started + length; at += random.between(6_000, 10_500)) {
    heartRate = Math.min(187, Math.max(84, heartRate + random.between(-4, 5)));
    meters += random.between(14, 38);
    const elapsed = Math.floor((at - started) / SECOND);
    const calories = Math.floor((elapsed * heartRate) / 830);
    events.push({
      at,
      topic,
      event: "progress",
      data: { workoutId, sport, elapsed, meters, heartRate, calories },
    });
    if (at - lapAt > random.between(4, 7) * MINUTE) {
      const lap = { lap: laps.length + 1, seconds: Math.floor((at - lapAt) / SECOND), heartRate };
      laps.push(lap);
      lapAt = at;
      events.push({ at, topic, event: "lap", data: { workoutId, ...lap, meters } });
      events.push(...boardUpdates(club, member, points, at, random.between(1, 6), random));
    }
  }
  const at = started + length;
  const seconds = Math.floor(length / SECOND);
  const summary = { workoutId, userId: member.id, name: member.name, sport, seconds, meters, laps };
  events.push({ at, topic, event: "completed", data: { ...summary, startedAt: started, device: "watch-4" } });
  events.push(...goalsReached(member, workoutId, at, random));
  events.push(
    ...boardUpdates(club, member, points, at + random.between(0, 40), random.between(10, 60), random),
  );
  return events;
}

function goalsReached(member: Member, workoutId: string, at: number, random: Random): DayEvent[] {
  const reached = random.shuffled(GOALS).slice(0, random.between(0, 3));
  return reached.map((goal) => {
    const target = random.between(2, 40) * 5;
    const data = {
      goal,
      target,
      value: target + random.between(0, 9),
      workoutId,
      badge: `${goal}-${target}`,
    };
    return { at, topic: `goals.${member.id}`, event: "achieved", data };
  });
}

/**
 * The member earns points, and every board the member is on shows its first ten anew. The club's
 * board: one time in four.
 */
function boardUpdates(
  club: Club,
  member: Member,
  points: Map<string, number>,
  at: number,
  earned: number,
  random: Random,
): DayEvent[] {
  points.set(member.id, (points.get(member.id) ?? 0) + earned);
  const boards = random.between(1, 4) === 1 ? [...member.boards, CLUB_BOARD] : member.boards;
  return boards.map((board) => {
    const top = club.members
      .filter((other) => board === CLUB_BOARD || other.boards.includes(board))
      .map((other) => ({ userId: other.id, name: other.name, points: points.get(other.id) ?? 0 }))
      .toSorted((a, b) => b.points - a.points)
      .slice(0, 10)
      .map((entry, index) => ({ rank: index + 1, ...entry }));
    const data = { board, changedBy: member.id, earned, top };
    return { at, topic: `leaderboards.${board}`, event: "updated", data };
  });
}

/** A talk of two to eight messages, some seconds to minutes apart. */
function liveTalk(member: Member, random: Random): DayEvent[] {
  const events: DayEvent[] = [];
  let at = timeWithin(CHAT_HOURS, random);
  let fromTrainer = random.between(0, 1) === 1;
  for (let left = random.between(2, 8); left > 0; left -= 1) {
    const from = fromTrainer ? member.trainer : member.id;
    const data = { messageId: `m${at.toString(36)}${from}`, from, text: chatText(random) };
    events.push({ at, topic: chatRoom(member), event: "message", data });
    at += random.between(3 * SECOND, 4 * MINUTE);
    fromTrainer = random.between(0, 4) > 0 ? !fromTrainer : fromTrainer;
  }
  return events;
}
