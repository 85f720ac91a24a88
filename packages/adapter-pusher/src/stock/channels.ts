/**
 * The channels of this server's stock connections. It knows no connections of other processes or
 * other transports.
 */

/** A connection, as the other parts of the server see it. */
export interface Connection {
  readonly socketId: string;
  /** Writes an event that does not come from the hub. */
  deliver(frames: Buffer): void;
  close(cause: { readonly code: "forbidden"; readonly reason: string }): void;
}

/** A change of a channel, named as in Pusher's webhooks. */
export type ChannelChange =
  | { readonly name: "channel_occupied" | "channel_vacated"; readonly channel: string }
  | {
      readonly name: "member_added" | "member_removed";
      readonly channel: string;
      readonly user_id: string;
    }
  | { readonly name: "subscription_count"; readonly channel: string; readonly subscription_count: number };

/** The connections and members of one channel. */
export interface Occupancy {
  readonly connections: ReadonlySet<Connection>;
  /** Members of a presence channel by id, with the number of their connections. */
  readonly members: ReadonlyMap<string, number>;
}

interface OpenOccupancy extends Occupancy {
  readonly connections: Set<Connection>;
  readonly members: Map<string, number>;
}

export class Channels {
  readonly #open: Map<string, OpenOccupancy> = new Map();
  readonly #users: Map<string, Set<Connection>> = new Map();
  readonly #changed: (change: ChannelChange) => void;

  constructor(changed: (change: ChannelChange) => void) {
    this.#changed = changed;
  }

  /** The occupancy of a channel; undefined when it has no connections. */
  of(channel: string): Occupancy | undefined {
    return this.#open.get(channel);
  }

  /** The channels that have connections. */
  get occupied(): Iterable<readonly [string, Occupancy]> {
    return this.#open;
  }

  enter(channel: string, connection: Connection, member: string | undefined): void {
    let occupancy = this.#open.get(channel);
    if (!occupancy) {
      occupancy = { connections: new Set(), members: new Map() };
      this.#open.set(channel, occupancy);
      this.#changed({ name: "channel_occupied", channel });
    }
    const { connections, members } = occupancy;
    connections.add(connection);
    if (member !== undefined) {
      const before = members.get(member) ?? 0;
      members.set(member, before + 1);
      if (before === 0) this.#changed({ name: "member_added", channel, user_id: member });
    }
    this.#changed({ name: "subscription_count", channel, subscription_count: connections.size });
  }

  leave(channel: string, connection: Connection, member: string | undefined): void {
    const occupancy = this.#open.get(channel);
    if (!occupancy?.connections.delete(connection)) return;
    const { connections, members } = occupancy;
    if (member !== undefined) {
      const left = (members.get(member) ?? 1) - 1;
      if (left > 0) members.set(member, left);
      else {
        members.delete(member);
        this.#changed({ name: "member_removed", channel, user_id: member });
      }
    }
    this.#changed({ name: "subscription_count", channel, subscription_count: connections.size });
    if (connections.size > 0) return;
    this.#open.delete(channel);
    this.#changed({ name: "channel_vacated", channel });
  }

  /** The connections on which a user has signed in. */
  ofUser(user: string): Iterable<Connection> {
    return this.#users.get(user) ?? [];
  }

  signIn(user: string, connection: Connection): void {
    const connections = this.#users.get(user) ?? new Set();
    this.#users.set(user, connections.add(connection));
  }

  signOut(user: string, connection: Connection): void {
    const connections = this.#users.get(user);
    if (connections?.delete(connection) && connections.size === 0) this.#users.delete(user);
  }
}
