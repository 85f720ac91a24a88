/** Reads. Those of one tick share one statement, so that 10,000 heads cost one round trip. */
import type { Position } from "@bellwire/core";
import type { Entry, History } from "@bellwire/core/server";
import { grouped, type Row } from "./drivers/driver.ts";
import type { Engine } from "./engine.ts";

/** Reads of entries that share a statement, and statements of them that run at once. */
const BATCH = 32;
const AT_ONCE = 4;

interface Request {
  readonly topic: string;
  readonly after: Position | undefined;
  readonly before: Position | undefined;
  readonly limit: number;
  readonly resolve: (history: History) => void;
  readonly reject: (error: unknown) => void;
}

export class Reader {
  readonly #engine: Engine;
  #heads: Request[] = [];
  readonly #entries: Request[] = [];
  #running = 0;
  #scheduled = false;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  read(topic: string, after: Position | undefined, limit: number, before?: Position): Promise<History> {
    return new Promise((resolve, reject) => {
      const request = { topic, after, before: after ? undefined : before, limit, resolve, reject };
      if (after === undefined && limit <= 0 && before === undefined) this.#heads.push(request);
      else this.#entries.push(request);
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    this.#scheduled = false;
    const heads = this.#heads;
    this.#heads = [];
    if (heads.length > 0) void this.#answer(heads);
    this.#next();
  }

  #next(): void {
    while (this.#running < AT_ONCE && this.#entries.length > 0) {
      this.#running += 1;
      void this.#answer(this.#entries.splice(0, BATCH)).finally(() => {
        this.#running -= 1;
        this.#next();
      });
    }
  }

  async #answer(requests: readonly Request[]): Promise<void> {
    try {
      let open = requests;
      // The second time, every topic has its row, unless it was removed in between.
      for (let attempt = 0; open.length > 0; attempt += 1) {
        if (attempt === 3) throw new Error("the topics are removed again and again");
        if (attempt > 0) await this.#open(open);
        open = await this.#select(open);
      }
    } catch (error) {
      for (const { reject } of requests) reject(error);
    }
  }

  async #open(requests: readonly Request[]): Promise<void> {
    const topics = JSON.stringify(Array.from(new Set(requests.map(({ topic }) => topic))));
    await this.#engine.query(`select ${this.#engine.names.of("open_all")}($1::text::json)`, [topics]);
  }

  /** Answers the requests; gives back those whose topic has no row. */
  async #select(requests: readonly Request[]): Promise<readonly Request[]> {
    const { of } = this.#engine.names;
    const asked = requests.map(({ topic, after, before, limit }, n) => ({
      n,
      topic,
      epoch: (after ?? before)?.epoch,
      above: after?.offset ?? -1,
      below: before?.offset ?? Number.MAX_SAFE_INTEGER,
      most: limit,
      whole: after !== undefined,
    }));
    const { size, ttl, bytes } = this.#engine.settings.history;
    // An entry above the caps is evicted also before its row is removed.
    const kept = `e.no = t.no and e."offset" > t.head - $2::text::bigint
      and e.at >= (select ${of("now")}()) - $3::text::bigint and e.before >= t.total - $4::text::bigint`;
    // One statement sees one moment.
    const rows = await this.#engine.query(
      `select q.n, t.epoch, t.head::float8 as head, e.*,
          q.whole and t.head - q.above > q.most and not exists (
            select from ${of("entries")} e where ${kept} and e."offset" = q.above + 1) as evicted
        from json_to_recordset($1::text::json)
          as q(n int, topic text, epoch text, above bigint, below bigint, most int, whole boolean)
        join ${of("topics")} t on t.topic = q.topic and t.lineage = (select ${of("lineage")}())
        left join lateral (
          select ${COLUMNS} from ${of("entries")} e
          where ${kept} and e."offset" > q.above and e."offset" < q.below and q.most > 0
            and (q.epoch is null or q.epoch = t.epoch) and (not q.whole or t.head - q.above <= q.most)
          order by e."offset" desc limit greatest(q.most, 0)
        ) e on true
        order by q.n, e."offset"`,
      [JSON.stringify(asked), String(size), String(ttl), String(bytes)],
    );
    const answers = grouped(rows, "n");
    return requests.filter((request, n) => {
      const group = answers.get(n);
      if (!group) return true;
      request.resolve(historyOf(request, group));
      return false;
    });
  }
}

/** The columns of an entry, for a table that is named `e`. */
export const COLUMNS = `e."offset"::float8 as "offset", e.id, e.event, e.data, e."time"::float8 as "time", e.exclude`;

/** The entry of a row; undefined for a row that tells only about the topic. */
export function entryOf(row: Row): Entry | undefined {
  const { offset, id, event, data, time, exclude } = row;
  if (typeof offset !== "number") return undefined;
  return {
    id: typeof id === "string" ? id : undefined,
    event: event as string,
    json: data as string,
    time: time as number,
    exclude: typeof exclude === "string" ? exclude : undefined,
    offset,
  };
}

function historyOf({ after, before, limit }: Request, rows: readonly Row[]): History {
  const head = { epoch: rows[0]?.["epoch"] as string, offset: rows[0]?.["head"] as number };
  const entries = rows.map(entryOf).filter((entry) => entry !== undefined);
  const known = after ?? before;
  // A page may begin right above the head.
  if (known && (known.epoch !== head.epoch || known.offset > head.offset + (after ? 0 : 1)))
    return { ok: false, head, reason: "epoch" };
  if (!after)
    return { ok: true, head, entries: contiguous(entries, (before?.offset ?? head.offset + 1) - 1) };
  const missing = head.offset - after.offset;
  if (missing > limit) return { ok: false, head, reason: rows[0]?.["evicted"] ? "evicted" : "limit" };
  if (entries.length < missing) return { ok: false, head, reason: "evicted" };
  return { ok: true, head, entries };
}

/** The entries up to the offset `last`, back to the first that is missing. */
function contiguous(entries: readonly Entry[], last: number): readonly Entry[] {
  let from = entries.length;
  while (from > 0 && entries[from - 1]?.offset === last - (entries.length - from)) from -= 1;
  return entries.slice(from);
}
