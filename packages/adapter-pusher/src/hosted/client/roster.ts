/** The members of a presence channel, as Pusher reports them. Pure. */

import type { Member } from "@bellwire/core";
import type { Joined, Left, Members } from "@bellwire/core/adapter";

export class Roster {
  readonly #topic: string;
  readonly #members: Map<string, Member> = new Map();
  /** Members that Pusher counts and does not name. */
  #unnamed = 0;

  constructor(topic: string) {
    this.#topic = topic;
  }

  /** All members, for a channel that has just subscribed. */
  get message(): Members {
    const members = Array.from(this.#members.values());
    return { type: "members", topic: this.#topic, members, count: members.length + this.#unnamed };
  }

  /** The answer to the subscription. */
  reset(data: unknown): void {
    const { hash, count } = fields(fields(data).presence);
    this.#members.clear();
    for (const [id, info] of Object.entries(fields(hash))) this.#members.set(id, member(id, info));
    this.#unnamed = Math.max(0, (Number.isSafeInteger(count) ? Number(count) : 0) - this.#members.size);
  }

  /** A member joined; undefined when the data names nobody. */
  added(data: unknown): Joined | undefined {
    const { user_id: id, user_info: info } = fields(data);
    const name = idOf(id);
    if (name === undefined) return undefined;
    const came = member(name, info);
    this.#members.set(name, came);
    return { type: "joined", topic: this.#topic, member: came };
  }

  /** A member left; undefined when it was unknown. */
  removed(data: unknown): Left | undefined {
    const id = idOf(fields(data).user_id);
    if (id === undefined || !this.#members.delete(id)) return undefined;
    return { type: "left", topic: this.#topic, id };
  }
}

/** Servers sign numbers, too; everywhere else ids are keys of objects. */
function idOf(id: unknown): string | undefined {
  return typeof id === "string" || typeof id === "number" ? String(id) : undefined;
}

function member(id: string, info: unknown): Member {
  return info === undefined || info === null ? { id } : { id, info };
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
