/**
 * Reads stored notifications for those who join late: the newest ones of a topic, and pages of
 * older ones.
 */
import type { HistoryPage, Position, ReadHistory, Recent } from "../protocol/messages.ts";
import type { Backplane, Entry, History } from "./backplane.ts";
import type { HubHistory } from "./hub-api.ts";

/** Characters of JSON in one page. A page has its first notification, whatever its size. */
const PAGE_BYTES = 262_144;

/** A page of a topic's log. */
export interface Page {
  /** In order, without a hole. */
  readonly entries: readonly Entry[];
  /** The position of the first entry, or of the place where it would be. */
  readonly position: Position;
  /** Whether older entries that were asked for are stored. */
  readonly more: boolean;
}

/**
 * The newest entries below a position, at least one of them. A position that says nothing to this
 * log has nothing below it.
 */
export async function readPage(
  backplane: Backplane,
  topic: string,
  { before, limit, since = 0 }: Omit<ReadHistory, "type" | "ref" | "topic">,
  most: number,
): Promise<Page> {
  const wanted = clamped(limit, 1, most);
  // One more than wanted tells whether there is more.
  const history = await backplane.read(topic, undefined, wanted + 1, before);
  const { head } = history;
  const end = before ?? { epoch: head.epoch, offset: head.offset + 1 };
  if (!history.ok) return { entries: [], position: end, more: false };
  const stored = newerThan(since, history.entries);
  let first = stored.length;
  for (let bytes = 0; first > 0 && stored.length - first < wanted; first -= 1) {
    bytes += stored[first - 1]?.json.length ?? 0;
    if (bytes > PAGE_BYTES && first < stored.length) break;
  }
  const entries = stored.slice(first);
  const offset = entries[0]?.offset ?? end.offset;
  return { entries, position: { epoch: head.epoch, offset }, more: first > 0 };
}

/** The head of a topic and its newest entries; without `recent` only the head. */
export async function readRecent(
  backplane: Backplane,
  topic: string,
  recent: Recent | undefined,
  most: number,
): Promise<History> {
  const history = await backplane.read(topic, undefined, recent ? clamped(recent.limit, 0, most) : 0);
  if (!history.ok || recent?.since === undefined) return history;
  return { ...history, entries: newerThan(recent.since, history.entries) };
}

/** The content of the answer to `history`, without what excludes the session. */
export function pageMessage(
  topic: string,
  { entries, position, more }: Page,
  session: string,
): { readonly message: { readonly position: Position; readonly data: HistoryPage }; readonly bytes: number } {
  const shown = entries.filter(({ exclude }) => exclude === undefined || exclude !== session);
  const notifications = shown.map(({ event, json, offset, time, id }) => {
    const row = ["n", topic, event, JSON.parse(json), offset, time];
    return id === undefined ? row : [...row, id];
  });
  const bytes = shown.reduce((sum, { json }) => sum + json.length + 64, 0);
  return { message: { position, data: { notifications, more } }, bytes };
}

/** A page as the application on the server reads it. */
export function hubPage(topic: string, { entries, position, more }: Page): HubHistory {
  const { epoch } = position;
  const notifications = entries.map(({ id, event, json, time, offset }) => ({
    id: id ?? `${epoch}/${offset}`,
    topic,
    event,
    data: JSON.parse(json) as unknown,
    position: { epoch, offset },
    time,
  }));
  return { notifications, before: more ? position : undefined };
}

/** The entries from the first one on that is not older. Clocks of several hubs may differ. */
function newerThan(since: number, entries: readonly Entry[]): readonly Entry[] {
  const first = entries.findIndex(({ time }) => time >= since);
  return first < 0 ? [] : entries.slice(first);
}

function clamped(value: number | undefined, least: number, most: number): number {
  return Math.max(least, Math.min(value ?? most, most));
}
