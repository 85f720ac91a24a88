/**
 * The sports club whose day is the workload: its people, who coaches whom, who follows whom, and
 * the boards they are on.
 */
import type { Random } from "../src/measure/random.ts";

export interface Member {
  readonly id: string;
  readonly name: string;
  readonly trainer: string;
  readonly follows: readonly string[];
  readonly boards: readonly string[];
}

export interface Club {
  readonly members: readonly Member[];
  readonly trainers: readonly string[];
}

/** The board that everyone is on, trainers too. */
export const CLUB_BOARD = "club";

const BOARDS = ["run-5k", "cycling", "strength", "early-birds"] as const;
// biome-ignore format: a table of names
const NAMES = [
  "Ada", "Björn", "Chloé", "Dmitri", "Elif", "Femi", "Grace", "Hiro", "Inés", "Jonas", "Kaya", "Łukasz",
  "Mei", "Noor", "Olu", "Priya", "Quentin", "Rosa", "Sven", "Tomáš", "Uma", "Viktor", "Wanjiru", "Xiu",
  "Yusuf", "Zoë", "Amal", "Bruno", "Carmen", "Dara", "Emil", "Fatou", "Gita", "Henk", "Isla", "Jin",
] as const;

const TRAINERS = ["t1", "t2", "t3", "t4"] as const;

/** 36 members and 4 trainers: 40 people with the app open. */
export function foundClub(random: Random): Club {
  const ids = NAMES.map((_, index) => `u${String(index + 1).padStart(2, "0")}`);
  const members = NAMES.map((name, index): Member => {
    const id = ids[index] as string;
    const others = ids.filter((other) => other !== id);
    return {
      id,
      name,
      trainer: TRAINERS[index % TRAINERS.length] as string,
      follows: random.shuffled(others).slice(0, random.between(1, 4)),
      boards: random.shuffled(BOARDS).slice(0, random.between(1, 2)),
    };
  });
  return { members, trainers: TRAINERS };
}

/** The room in which a member and the trainer talk. */
export function chatRoom(member: Member): string {
  return `chat.${member.trainer}-${member.id}`;
}

/** The subscriptions of the app for each person, in the order of its screens. */
export function subscriptionsOf(club: Club): { readonly subscriber: string; readonly topics: string[] }[] {
  const ofMembers = club.members.map((member) => ({
    subscriber: member.id,
    topics: [
      `workouts.${member.id}`,
      `goals.${member.id}`,
      chatRoom(member),
      ...[...member.boards, CLUB_BOARD].map((board) => `leaderboards.${board}`),
      ...member.follows.map((id) => `workouts.${id}`),
    ],
  }));
  const ofTrainers = club.trainers.map((trainer) => ({
    subscriber: trainer,
    topics: [
      `leaderboards.${CLUB_BOARD}`,
      ...club.members
        .filter((member) => member.trainer === trainer)
        .flatMap((member) => [`workouts.${member.id}`, `goals.${member.id}`, chatRoom(member)]),
    ],
  }));
  return [...ofMembers, ...ofTrainers];
}
