/**
 * The offline ledger: judges the deliveries of a run against its publishes. It shares no code with
 * the hub and the channel, and so no mistake.
 */
import type { RunLog } from "./run-log.ts";
import { Track } from "./track.ts";
import { trueLogs } from "./true-log.ts";
import { Findings, type Verdict } from "./verdict.ts";

/**
 * Judges a run that has come to rest: every session that is still subscribed has had the time to
 * catch up. A notification that is still under way counts as lost.
 */
export function judge(run: RunLog): Verdict {
  const findings = new Findings();
  const logs = trueLogs(run, findings);
  for (const { session, entries } of run.sessions) {
    const tracks = new Map<string, Track>();
    for (const entry of entries) trackOf(entry.topic).take(entry);
    for (const track of tracks.values()) track.finish();

    function trackOf(topic: string): Track {
      let track = tracks.get(topic);
      if (!track) {
        const log = logs.get(topic);
        if (!log) throw new Error(`no log of ${topic}`);
        track = new Track(session, log, findings);
        tracks.set(topic, track);
      }
      return track;
    }
  }
  const { delivered, expected, gaps, reportedLost, counts, violations } = findings;
  return { delivered, expected, gaps, reportedLost, counts, violations };
}

/** The JSON of a value with sorted keys, so that equal values give equal texts. */
export function dataText(data: unknown): string {
  const sorted = (_: string, value: unknown): unknown =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return JSON.stringify(data, sorted) ?? "undefined";
}
