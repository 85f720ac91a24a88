/**
 * How processes tell each other which workload: by what it is made from, as each makes it for
 * itself.
 */
import { MARKER } from "../wire/marker.ts";
import { readWorkload, type Workload, type WorkloadNotification } from "./workload.ts";

/** A recorded trace, or its beginning. */
export interface RecordedSpec {
  readonly kind: "recorded";
  /** The address of the file. */
  readonly file: string;
  /** Notifications from its beginning; undefined: all. */
  readonly notifications?: number;
}

/** The same rate all the time, topics in turns. */
export interface SteadySpec {
  readonly kind: "steady";
  readonly topics: number;
  /** The name of the topic, where there is only one. Default: names of its own. */
  readonly topic?: string;
  readonly subscribers: number;
  /** Topics of each subscriber, at most all. */
  readonly topicsEach: number;
  /** Notifications per second, over all topics. */
  readonly rate: number;
  readonly seconds: number;
  /** Bytes of the data of one notification as JSON, about; at least 40. */
  readonly bytes: number;
}

export type WorkloadSpec = RecordedSpec | SteadySpec;

/** The event of every notification of a {@link SteadySpec}. */
const EVENT = "tick";

/** Makes the workload; the same one in every process. Rejects as {@link readWorkload} does. */
export async function workloadOf(spec: WorkloadSpec): Promise<Workload> {
  if (spec.kind === "steady") return steady(spec);
  return readWorkload(new URL(spec.file), spec.notifications);
}

/** How many notifications a steady workload has. */
export function notificationsOf({ rate, seconds }: SteadySpec): number {
  return Math.round(rate * seconds);
}

/** Every event that is published in a workload. */
export function eventsOf({ notifications }: Workload): string[] {
  return [...new Set(notifications.map(({ event }) => event))];
}

function steady(spec: SteadySpec): Workload {
  const { topics, subscribers, topicsEach, rate, bytes } = spec;
  // Names and data are shared: there may be hundreds of thousands of notifications, in twenty
  // processes.
  const names = Array.from({ length: topics }, (_, index) => spec.topic ?? `steady.t${index}`);
  const name = (index: number): string => names[index % topics] as string;
  const data = { fill: MARKER.padEnd(Math.max(0, bytes - 30), "abcdefghij") };
  return {
    subscribers: Array.from({ length: subscribers }, (_, index) => ({
      subscriber: `s${index}`,
      topics: Array.from({ length: Math.min(topics, topicsEach) }, (_unused, place) =>
        name(index * topicsEach + place),
      ),
    })),
    notifications: Array.from(
      { length: notificationsOf(spec) },
      (_, index): WorkloadNotification => ({
        at: (index * 1_000) / rate,
        topic: name(index),
        event: EVENT,
        data,
      }),
    ),
  };
}
