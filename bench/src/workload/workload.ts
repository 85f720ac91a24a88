/**
 * A workload file: JSON lines in the order of time. First who subscribes to what, then what is
 * published when: `{"subscriber":"u07","topics":["workouts.u07"]}` and
 * `{"at":"2026-03-14T06:12:31.402Z","topic":…,"event":…,"data":{…}}`.
 */
import { readFile } from "node:fs/promises";

/** One user of the application and the topics the application subscribes to for that user. */
export interface WorkloadSubscriber {
  readonly subscriber: string;
  readonly topics: readonly string[];
}

/** One notification of the day. */
export interface WorkloadNotification {
  /** Milliseconds since the first notification of the file. */
  readonly at: number;
  readonly topic: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Workload {
  readonly subscribers: readonly WorkloadSubscriber[];
  readonly notifications: readonly WorkloadNotification[];
}

/** The day that `npm run bench` replays. */
export const WORKOUT_DAY: URL = new URL("../../workloads/workout-day.jsonl", import.meta.url);

/**
 * Reads a workload, or its beginning of at most so many notifications: fewer of them at the same
 * density, so that a quick run says the same of a shorter time. Throws a RangeError that names the
 * line of what is wrong.
 */
export async function readWorkload(file: URL, most?: number): Promise<Workload> {
  return parseWorkload(await readFile(file, "utf8"), most);
}

/**
 * Parses the text of a workload; see {@link readWorkload}. Lines after the last that is wanted are
 * not looked at: two dozen processes would make garbage of them, and collect it while they are
 * measured.
 */
export function parseWorkload(text: string, most = Number.POSITIVE_INFINITY): Workload {
  const subscribers: WorkloadSubscriber[] = [];
  const notifications: WorkloadNotification[] = [];
  let first: number | undefined;
  for (const [index, line] of linesOf(text)) {
    if (notifications.length >= most) break;
    if (line === "") continue;
    const entry = parseLine(line, index + 1);
    if ("subscriber" in entry) {
      subscribers.push(entry);
      continue;
    }
    first ??= entry.at;
    const at = entry.at - first;
    if (at < (notifications.at(-1)?.at ?? 0)) throw new RangeError(`line ${index + 1}: goes back in time`);
    notifications.push({ ...entry, at });
  }
  return { subscribers, notifications };
}

/** Each line with its place, one at a time. */
function* linesOf(text: string): Generator<readonly [index: number, line: string]> {
  for (let index = 0, start = 0; start <= text.length; index += 1) {
    const end = text.indexOf("\n", start);
    yield [index, text.slice(start, end === -1 ? undefined : end)];
    if (end === -1) return;
    start = end + 1;
  }
}

function parseLine(line: string, number: number): WorkloadSubscriber | WorkloadNotification {
  const entry = JSON.parse(line) as Record<string, unknown>;
  const { subscriber, topics, at, topic, event, data } = entry;
  if (typeof subscriber === "string" && Array.isArray(topics))
    return { subscriber, topics: topics as string[] };
  const time = typeof at === "string" ? Date.parse(at) : Number.NaN;
  if (
    Number.isNaN(time) ||
    typeof topic !== "string" ||
    typeof event !== "string" ||
    typeof data !== "object"
  ) {
    throw new RangeError(`line ${number}: neither a subscriber nor a notification`);
  }
  return { at: time, topic, event, data: data as Record<string, unknown> };
}

/** A part of the day that is replayed without a pause: notifications `from` to before `to`. */
export interface Segment {
  readonly from: number;
  readonly to: number;
}

/**
 * Cuts a workload into parts of about equally many notifications, so that contenders can take
 * turns; `skip` at the beginning are in none.
 */
export function segmentsOf(workload: Workload, count: number, skip = 0): Segment[] {
  const total = workload.notifications.length - skip;
  const border = (index: number): number => skip + Math.floor((total * index) / count);
  return Array.from({ length: count }, (_, index) => ({ from: border(index), to: border(index + 1) }));
}
