/** The words of hubs to each other, and the topics on which they travel. Pure. */

/** The topic of all hubs. No client can name it. */
export const EVERYONE = "$hubs";

/** One word of a hub. */
export interface PeerMessage {
  readonly hub: string;
  readonly kind: string;
  readonly body: unknown;
}

/** The topic of one hub. */
export function topicOf(hub: string): string {
  return `$hub.${hub}`;
}

/** Reads a word; undefined for an entry that no hub has written. */
export function readPeerMessage(json: string): PeerMessage | undefined {
  try {
    const { hub, kind, body } = Object(JSON.parse(json)) as Partial<PeerMessage>;
    return typeof hub === "string" && typeof kind === "string" ? { hub, kind, body } : undefined;
  } catch {
    return undefined;
  }
}
