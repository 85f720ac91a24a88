/**
 * The equipment of the tests: a server with a few people, and channels of them over real
 * transports.
 */
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import type { Transport } from "@bellwire/core";
import { createChannel, type NotificationChannel } from "@bellwire/core/client";
import { onTestFinished } from "vitest";
import { type Topics, topics } from "../contract.ts";
import { readConfiguration } from "../server/configuration.ts";
import { type Running, type StartOptions, startTracker } from "../server/start.ts";
import { type Person, person } from "../things.ts";

export type TrackerChannel = NotificationChannel<Topics>;

/** Everybody's password. */
export const PASSWORD = "a long password";

const PEOPLE: readonly Person[] = [
  { id: "mia", name: "Mia", role: "member" },
  { id: "ben", name: "Ben", role: "member" },
  { id: "eve", name: "Eve", role: "member" },
  { id: "tom", name: "Tom", role: "trainer" },
  { id: "ada", name: "Ada", role: "admin" },
];

/**
 * Accounts of {@link PEOPLE}; Tom trains Mia, Mia and Ben share a plan, and a challenge goes on.
 */
export const seed: NonNullable<StartOptions["seed"]> = async ({ database, accounts }) => {
  for (const one of PEOPLE)
    await accounts.create({ ...person.parse(one), password: PASSWORD, latitude: 52.52, longitude: 13.4 });
  await database.script(`
    insert into coachings values ('tom-mia', 'tom', 'mia') on conflict do nothing;
    insert into plans values ('spring', 'Spring plan') on conflict do nothing;
    insert into plan_members values ('spring', 'mia'), ('spring', 'ben') on conflict do nothing;
    insert into challenges values ('november', 'November', 100000, now() + interval '30 days') on conflict do nothing;
  `);
  return undefined;
};

/**
 * A server on a free port with a database in memory, or the one that `DATABASE_URL` names. The
 * caller closes it.
 */
export async function start(options: Partial<StartOptions> = {}): Promise<Running> {
  return startTracker({
    configuration: await readConfiguration(),
    databaseUrl: process.env.DATABASE_URL,
    inMemory: true,
    seed,
    ...options,
  });
}

/** Somebody's channel; over a WebSocket unless told otherwise. Closed with the test. */
export function channelOf(running: Running, userId: string, transport?: Transport): TrackerChannel {
  const { id, name, role } = PEOPLE.find((one) => one.id === userId) ?? { ...PEOPLE[0], id: userId };
  const channel = createChannel({
    topics,
    transport: transport ?? webSocketTransport({ url: `ws://127.0.0.1:${running.port}/bellwire` }),
    token: async () => {
      const user = { user: id, name: name ?? id, role: role ?? "member" };
      return (await running.tokens.issue(user)).token;
    },
  });
  onTestFinished(() => channel.close());
  return channel;
}

/** The next notification of an event. */
export function heard<N>(on: (listener: (notification: N) => unknown) => () => void): Promise<N> {
  return new Promise((resolve) => {
    const stop = on((notification) => {
      stop();
      resolve(notification);
    });
  });
}

/** The error's code that a promise rejects with; fails when it resolves. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    (value) => {
      throw new Error(`resolved: ${JSON.stringify(value)}`);
    },
    (error: { code: string }) => error.code,
  );
}
