/** The log of a topic as it must have been: by acknowledgements and, without one, by deliveries. */
import type { Position } from "../protocol/messages.ts";
import type { HeadEntry, PublishEntry, RunLog } from "./run-log.ts";
import type { Findings } from "./verdict.ts";

interface EpochLog {
  readonly at: Map<number, PublishEntry>;
  /** The offset of each id. */
  readonly places: Map<string, number>;
  /** For each key of a conflated event, the offset of the newest. */
  readonly newest: Map<string, number>;
  head: number;
}

/** One topic's truth. */
export class TrueLog {
  readonly topic: string;
  readonly head: HeadEntry | undefined;
  readonly #findings: Findings;
  readonly #epochs = new Map<string, EpochLog>();
  readonly #byId = new Map<string, PublishEntry>();
  readonly #excluding: PublishEntry[] = [];

  constructor(topic: string, head: HeadEntry | undefined, findings: Findings) {
    this.topic = topic;
    this.head = head;
    this.#findings = findings;
    if (head) this.#epoch(head.position.epoch).head = head.position.offset;
  }

  /** Takes one entry of the publishers' log. */
  published(publish: PublishEntry): void {
    const { id, position } = publish;
    if (id !== undefined) this.#byId.set(id, publish);
    if (publish.kind === "volatile") return;
    if (publish.excluded !== undefined) this.#excluding.push(publish);
    if (position) this.#acknowledged(publish, position);
  }

  /** Takes the position of an unanswered publish from the first session that received it. */
  seen(id: string, position: Position): void {
    const publish = this.#byId.get(id);
    if (!publish || publish.kind === "volatile" || position.offset === 0 || this.at(position)) return;
    const end = this.head?.position;
    if (end?.epoch === position.epoch && position.offset > end.offset) return;
    // The same publish may have been appended in an earlier epoch too, and that answer lost.
    if (!this.#epoch(position.epoch).places.has(id)) this.#place(publish, position);
  }

  at(position: Position): PublishEntry | undefined {
    return this.#epochs.get(position.epoch)?.at.get(position.offset);
  }

  byId(id: string): PublishEntry | undefined {
    return this.#byId.get(id);
  }

  /** The last known offset of an epoch; undefined for an unknown epoch. */
  headOf(epoch: string): number | undefined {
    return this.#epochs.get(epoch)?.head;
  }

  /** Whether a session may miss the notification at a position without a gap. */
  excuses(session: string, epoch: string, offset: number): boolean {
    const log = this.#epochs.get(epoch);
    const publish = log?.at.get(offset);
    if (!log || !publish) {
      // It may be the session's own publish with `excludeSelf`, unanswered or of a later epoch.
      return this.#excluding.some(({ id, excluded }) => excluded === session && !log?.places.has(id ?? ""));
    }
    if (publish.excluded === session) return true;
    return publish.kind === "conflated" && (log.newest.get(publish.key ?? "") ?? 0) > offset;
  }

  #acknowledged(publish: PublishEntry, position: Position): void {
    const { id } = publish;
    const earlier = id === undefined ? undefined : this.#epoch(position.epoch).places.get(id);
    if (earlier !== undefined) {
      const detail = `${id} acknowledged at ${earlier} and at ${position.offset}`;
      if (earlier !== position.offset) this.#found("appendedTwice", detail);
      return;
    }
    const there = this.at(position);
    if (there) {
      this.#found("acknowledgedLost", `${id} acknowledged at ${position.offset}, where ${there.id} is`);
      return;
    }
    const { head } = this;
    if (head && head.position.epoch === position.epoch && position.offset > head.position.offset) {
      const detail = `${id} acknowledged at ${position.offset}, and the log ends at ${head.position.offset}`;
      this.#found("acknowledgedLost", detail);
      return;
    }
    this.#place(publish, position);
  }

  #place(publish: PublishEntry, position: Position): void {
    const log = this.#epoch(position.epoch);
    log.at.set(position.offset, publish);
    log.head = Math.max(log.head, position.offset);
    if (publish.id !== undefined) log.places.set(publish.id, position.offset);
    if (publish.kind !== "conflated") return;
    const key = publish.key ?? "";
    log.newest.set(key, Math.max(log.newest.get(key) ?? 0, position.offset));
  }

  #epoch(epoch: string): EpochLog {
    let log = this.#epochs.get(epoch);
    if (!log) {
      log = { at: new Map(), places: new Map(), newest: new Map(), head: 0 };
      this.#epochs.set(epoch, log);
    }
    return log;
  }

  #found(kind: "appendedTwice" | "acknowledgedLost", detail: string): void {
    this.#findings.found(kind, undefined, this.topic, detail);
  }
}

/** Reconstructs the logs of all topics of a run. */
export function trueLogs(run: RunLog, findings: Findings): ReadonlyMap<string, TrueLog> {
  const logs = new Map<string, TrueLog>();
  const heads = new Map(run.heads.map((head) => [head.topic, head]));
  const logOf = (topic: string): TrueLog => {
    let log = logs.get(topic);
    if (!log) {
      log = new TrueLog(topic, heads.get(topic), findings);
      logs.set(topic, log);
    }
    return log;
  };
  for (const { topic } of run.heads) logOf(topic);
  // Acknowledged ones first: an answer proves where a retry of an unanswered publish went.
  for (const publish of run.publishes) if (publish.acknowledged) logOf(publish.topic).published(publish);
  for (const publish of run.publishes) if (!publish.acknowledged) logOf(publish.topic).published(publish);
  for (const { entries } of run.sessions) {
    for (const entry of entries) {
      if (entry.type === "delivered") logOf(entry.topic).seen(entry.id, entry.position);
      else logOf(entry.topic);
    }
  }
  return logs;
}
