/** The workout app's server on Bellwire, without a wire: its contract, its hub, and what both wires share. */
import { defineTopics, type } from "@bellwire/core";
import { createHub, type Hub } from "@bellwire/core/server";
import { FAN_OUT_TOPIC, type ServerHalf } from "../contender.ts";
import type { Listening } from "../wire/listen.ts";

type Data = Readonly<Record<string, unknown>>;

/**
 * Types alone, no schemas: the control rows validate nothing either. Every event is logged, none conflated, so that each
 * delivery is due and the ledger can count.
 */
export const topics = defineTopics({
  "workouts.{userId}": { progress: type<Data>(), lap: type<Data>(), completed: type<Data>() },
  "goals.{userId}": { achieved: type<Data>() },
  "leaderboards.{board}": { updated: type<Data>() },
  "chat.{room}": { message: type<Data>() },
  [FAN_OUT_TOPIC]: { tick: type<Data>() },
});

/** The contract's type, for clients. */
export type WorkoutTopics = (typeof topics)["map"];

/** A hub that takes a thousand clients from one address at once. */
export function workoutHub(onError: (error: unknown) => void): Hub<WorkoutTopics> {
  return createHub({
    topics,
    onError,
    limits: {
      linkRate: 10_000,
      // Load clients do not answer pings; they are gone long before this.
      pingInterval: 600_000,
    },
  });
}

/** Serves a hub over whatever `attach` attaches. */
export async function serveHub(attach: (hub: Hub<WorkoutTopics>) => Promise<Listening>): Promise<ServerHalf> {
  let failures = 0;
  const failed = (error: unknown): void => {
    failures += 1;
    if (failures === 1) console.error(error);
  };
  const hub = workoutHub(failed);
  const publisher = hub as { publish(topic: string, event: string, data: Data): Promise<unknown> };
  const listening = await attach(hub);
  return {
    port: listening.port,
    bytesWritten: listening.bytesWritten,
    failures: () => failures,
    publish(notices) {
      for (const { topic, event, data } of notices) publisher.publish(topic, event, data).catch(failed);
    },
  };
}
