/** What a channel's name says about it. A channel is a topic under its Pusher name; only users' own channels are none. */

/** The class of a channel, by its prefix. */
export interface ChannelClass {
  /** Who may subscribe: anybody, or who brings a signature; `presence` is private with a list of members. */
  readonly access: "public" | "private" | "presence";
  /** What it carries only its subscribers can read; nobody in between encrypts or decrypts. */
  readonly encrypted: boolean;
  /** A new subscriber gets the last event at once. */
  readonly cache: boolean;
}

const PREFIX = /^(?:(presence)-|(private)-(encrypted-)?)?(cache-)?/;

/** The class of a channel's name. Whether the name is legal at all is for `isName` of `@bellwire/core` to say. */
export function channelClass(name: string): ChannelClass {
  const [, presence, isPrivate, encrypted, cache] = PREFIX.exec(name) ?? [];
  return {
    access: presence ? "presence" : isPrivate ? "private" : "public",
    encrypted: encrypted !== undefined,
    cache: cache !== undefined,
  };
}

const USER_PREFIX = "#server-to-user-";

/** The channel on which an application's server speaks to one signed-in user; pusher-js subscribes to it by itself. */
export function userChannel(user: string): string {
  return `${USER_PREFIX}${user}`;
}

/** The user whose own channel this is, or undefined for every other name. */
export function userOfChannel(name: string): string | undefined {
  return name.startsWith(USER_PREFIX) && name.length > USER_PREFIX.length
    ? name.slice(USER_PREFIX.length)
    : undefined;
}
