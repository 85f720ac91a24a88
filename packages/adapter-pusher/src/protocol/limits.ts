/**
 * Bounds of the hosted service, which our own hub keeps, too, so that an application can move.
 * Sizes in bytes.
 */
export const HOSTED_LIMITS = {
  /** The data of one event, as the text that is sent. */
  eventBytes: 10_240,
  /** Channels that one event may go to. */
  channels: 100,
  /** Events in one batch. */
  batch: 10,
  /** Characters of a user's id. */
  userId: 128,
  /** Members that a snapshot of a presence channel names. */
  members: 100,
  /** Events per second that one client may send. */
  clientEvents: 10,
} as const;
