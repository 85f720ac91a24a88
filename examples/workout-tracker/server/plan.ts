/**
 * Shared training plans: the updates of a Yjs document are kept and passed on; the document itself
 * takes care of converging.
 */

import { BellwireError } from "@bellwire/core";
import * as Y from "yjs";
import type { Sql } from "./sql.ts";
import { type Feature, once } from "./tracker.ts";

/** Updates that are kept before they are merged into one. */
const MERGE_AT = 200;

export const plan: Feature = ({ database, hub }) => {
  hub.handle("presence-plan.{planId}", "load", async ({ params, data }) => {
    const all = merged(await updatesOf(database, params.planId));
    const missing = sane(() => Y.diffUpdate(all, bytesOf(data.vector)));
    return { update: base64Of(missing), vector: base64Of(Y.encodeStateVectorFromUpdate(all)) };
  });
  hub.handle("presence-plan.{planId}", "update", (request) => {
    const { planId } = request.params;
    // An invalid update would be passed on to everybody, for ever.
    const update = sane(() => {
      const bytes = bytesOf(request.data.update);
      Y.decodeUpdate(bytes);
      return bytes;
    });
    return once(database, request, async (sql) => {
      await sql.query("insert into plan_updates (plan_id, body) values ($1, $2)", [planId, base64Of(update)]);
      await merge(sql, planId);
    });
  });
  hub.handle("presence-plan.{planId}", "move", async ({ topic, data, session }) => {
    await hub.publish(topic, "aware", data, { exclude: session });
  });
};

/** Makes one of many updates. */
async function merge(sql: Sql, planId: string): Promise<void> {
  const rows = await updatesOf(sql, planId, "for update");
  const first = rows[0];
  const last = rows[rows.length - 1];
  if (rows.length < MERGE_AT || !first || !last) return;
  await sql.query("update plan_updates set body = $2 where id = $1", [first.id, base64Of(merged(rows))]);
  await sql.query("delete from plan_updates where plan_id = $1 and id > $2 and id <= $3", [
    planId,
    first.id,
    last.id,
  ]);
}

interface Row {
  readonly id: number;
  readonly body: string;
}

async function updatesOf(sql: Sql, planId: string, lock: "" | "for update" = ""): Promise<Row[]> {
  return sql.query(`select id::int, body from plan_updates where plan_id = $1 order by id ${lock}`, [planId]);
}

/** One update that says as much as all of them; an empty document's for none. */
function merged(rows: readonly Row[]): Uint8Array {
  const empty = Y.encodeStateAsUpdate(new Y.Doc());
  return Y.mergeUpdates([empty, ...rows.map(({ body }) => bytesOf(body))]);
}

/** Yjs throws all sorts of things at bytes that are not its own. */
function sane(work: () => Uint8Array): Uint8Array {
  try {
    return work();
  } catch (cause) {
    throw new BellwireError("invalid_data", "data: must be bytes of Yjs", { cause });
  }
}

function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, "base64"));
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
