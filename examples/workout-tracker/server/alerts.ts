/**
 * Alerts, which a user should see once, on every device and also after being away. Reactions to
 * changes raise them, and each is itself a change.
 */
import { type Alert, alert as known } from "../things.ts";
import type { Sql } from "./sql.ts";
import { type Feature, publishId, textOf } from "./tracker.ts";

/** The content of an alert. */
export interface NewAlert extends Pick<Alert, "kind" | "title" | "text"> {
  /** The cause of the alert: a user has one alert of each cause, however often it is raised. */
  readonly cause: string;
}

/** Raises an alert, unless the user has one of this cause. */
export async function alertOnce(
  sql: Sql,
  userId: string,
  { cause, kind, title, text }: NewAlert,
): Promise<void> {
  // Looked for first: an insert that conflicts would use up an id each time.
  await sql.query(
    `insert into alerts (user_id, cause, kind, title, body) select $1, $2, $3, $4, $5
     where not exists (select 1 from alerts where user_id = $1 and cause = $2) on conflict do nothing`,
    [userId, cause, kind, title, text],
  );
}

export const alerts: Feature = ({ hub }) => ({
  "alert.raised": async (change) => {
    const alert = {
      id: Number(change.data.id),
      kind: known.shape.kind.parse(textOf(change, "kind")),
      title: textOf(change, "title"),
      text: textOf(change, "body"),
      at: Math.round(Date.parse(textOf(change, "at"))),
    };
    await hub.publish(`private-user.${textOf(change, "user_id")}`, "alertRaised", alert, {
      id: publishId(change),
    });
  },
});
