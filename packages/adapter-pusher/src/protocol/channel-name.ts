/** Names of channels. A channel is a topic under its Pusher name, except users' own channels. */

/** The class of a channel, by its prefix. */
export interface ChannelClass {
  /**
   * `public` channels are for everybody, the others need a signature; `presence` has a list of
   * members.
   */
  readonly access: "public" | "private" | "presence";
  /** Only subscribers can read its events; nothing in between encrypts or decrypts. */
  readonly encrypted: boolean;
  /** A new subscriber receives the last event at once. */
  readonly cache: boolean;
}

const PREFIX = /^(?:(presence)-|(private)-(encrypted-)?)?(cache-)?/;

/**
 * The class of a channel's name. `isName` of `@bellwire/core/adapter` judges whether the name is
 * legal.
 */
export function channelClass(name: string): ChannelClass {
  const [, presence, isPrivate, encrypted, cache] = PREFIX.exec(name) ?? [];
  return {
    access: presence ? "presence" : isPrivate ? "private" : "public",
    encrypted: encrypted !== undefined,
    cache: cache !== undefined,
  };
}

const USER_PREFIX = "#server-to-user-";

/** The channel for events to one signed-in user; pusher-js subscribes to it by itself. */
export function userChannel(user: string): string {
  return `${USER_PREFIX}${user}`;
}

/** The user of a user's own channel; undefined for every other name. */
export function userOfChannel(name: string): string | undefined {
  return name.startsWith(USER_PREFIX) && name.length > USER_PREFIX.length
    ? name.slice(USER_PREFIX.length)
    : undefined;
}
