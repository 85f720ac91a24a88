/**
 * The common part of latency, many topics and the replay: a workload in parts, over all contenders
 * in turns.
 */
import { Drive, type DriveOptions, type DriveResult } from "../drive/drive.ts";
import { Reruns, type Tried } from "../drive/reruns.ts";
import { notificationAt } from "../drive/schedule.ts";
import type { Row } from "../results.ts";
import type { Stage } from "../scenario.ts";
import { type WorkloadSpec, workloadOf } from "../workload/spec.ts";
import { type Segment, segmentsOf, type Workload } from "../workload/workload.ts";
import { drivenRow } from "./driven-row.ts";

/** The plan of a drive. */
export interface DrivenPlan {
  readonly spec: WorkloadSpec;
  /** Parts of the workload between which the contenders take turns. */
  readonly parts: number;
  /** Seconds that each contender's whole workload takes; undefined: as recorded. */
  readonly seconds?: number;
  /** Notifications at the beginning that are played but not measured. Default: none. */
  readonly warmUp?: number;
}

/**
 * Drives every entrant through the workload in parts; the order is drawn anew for each part. A part
 * whose sender fell behind is played again, for each entrant at most twice as often as there are
 * parts.
 */
export async function driveAll(name: string, plan: DrivenPlan, stage: Stage): Promise<Row[]> {
  const { entrants, random, progress } = stage;
  const workload = await workloadOf(plan.spec);
  const warmUp = plan.warmUp ?? 0;
  const parts = segmentsOf(workload, plan.parts, warmUp);
  const speed = plan.seconds === undefined ? 1 : lengthOf(workload, parts) / (plan.seconds * 1_000);
  progress.begin(name, 1 + entrants.length * parts.length);
  progress.step("connecting");
  const drives = await startDrives(stage, { spec: plan.spec });
  const driven = drives.map((drive) => ({
    drive,
    reruns: new Reruns(parts.length),
    results: [] as Tried<DriveResult>[],
  }));
  try {
    // Nothing is measured yet, so they may disturb each other.
    if (warmUp > 0)
      await Promise.all(drives.map((drive) => drive.play({ from: 0, to: warmUp, speed }, { warmUp: true })));
    for (const [index, part] of parts.entries()) {
      for (const { drive, reruns, results } of random.shuffled(driven)) {
        progress.step(`${drive.entrant.contender.name}, part ${index + 1} of ${parts.length}`);
        const play = (again: boolean): Promise<DriveResult> => drive.play({ ...part, speed }, { again });
        results.push(await reruns.run(play, ({ health }) => health));
      }
    }
  } finally {
    await Promise.all(drives.map((drive) => drive.close()));
  }
  return driven.map(({ drive, results }) => drivenRow(drive.entrant, results, random));
}

/**
 * Serves every entrant and connects all its subscribers, all at the same time. Rejects when one
 * cannot, and then leaves none open.
 */
export async function startDrives(stage: Stage, options: DriveOptions): Promise<Drive[]> {
  const starts = await Promise.allSettled(
    stage.entrants.map((entrant) => Drive.start(entrant, stage.pair(entrant), options)),
  );
  const drives = starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
  const failed = starts.find((start) => start.status === "rejected");
  if (!failed) return drives;
  await Promise.all(drives.map((drive) => drive.close()));
  throw failed.reason;
}

/** Milliseconds from the first to the last notification of each part, together. */
function lengthOf(workload: Workload, parts: readonly Segment[]): number {
  let milliseconds = 0;
  for (const { from, to } of parts) {
    if (to > from) milliseconds += notificationAt(workload, to - 1).at - notificationAt(workload, from).at;
  }
  return Math.max(1, milliseconds);
}
