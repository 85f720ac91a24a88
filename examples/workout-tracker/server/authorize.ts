/**
 * Decides who may read a topic and send its commands. Conditions that only a command's handler can
 * know are checked there.
 */
import type { AccessRequest } from "@bellwire/core/server";
import { type Topics, topics } from "../contract.ts";
import type { Database } from "./sql.ts";
import type { User } from "./tracker.ts";

interface Asked {
  readonly user: User;
  readonly params: AccessRequest<User>["params"];
  /** Undefined when reading. */
  readonly command: string | undefined;
}

type Rule = (asked: Asked) => boolean | Promise<boolean>;

/** Makes the hub's `authorize`. */
export function authorizeBy(database: Database): (request: AccessRequest<User>) => Promise<boolean> {
  const exists = async (text: string, ...parameters: unknown[]): Promise<boolean> =>
    (await database.query(`${text} limit 1`, parameters)).length > 0;

  const rules = {
    "private-user.{userId}": ({ user, params }) => params.userId === user.user,
    "private-sessions": () => true,
    "presence-session.{sessionId}": ({ params }) =>
      exists("select 1 from sessions where id = $1 and closed_at is null", params.sessionId),
    "private-challenge.{challengeId}": ({ params }) =>
      exists("select 1 from challenges where id = $1", params.challengeId),
    "presence-coaching.{coachingId}": ({ user, params, command }) =>
      command === "correct"
        ? exists("select 1 from coachings where id = $1 and trainer_id = $2", params.coachingId, user.user)
        : exists(
            "select 1 from coachings where id = $1 and $2 in (trainer_id, client_id)",
            params.coachingId,
            user.user,
          ),
    "presence-matching": () => true,
    "presence-plan.{planId}": ({ user, params }) =>
      exists("select 1 from plan_members where plan_id = $1 and user_id = $2", params.planId, user.user),
    "private-announcements": ({ user, command }) => command !== "announce" || user.role === "admin",
  } satisfies { readonly [P in keyof Topics]: Rule };
  const ruleOf = new Map<string, Rule>(Object.entries(rules));

  return async ({ action, topic, params, event, identity }) => {
    const found = topics.find(topic);
    const rule = found && ruleOf.get(found.pattern);
    if (!rule) return false;
    const command = action === "publish" ? event : undefined;
    // Everything that is no command comes from the server alone.
    if (command !== undefined && !found.event(command)?.returns) return false;
    return rule({ user: identity, params, command });
  };
}
