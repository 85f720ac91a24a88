import type { NotificationChannel } from "@bellwire/core/client";
import type { Topics } from "../../contract.ts";
import type { NewAccount } from "../accounts.ts";

/** The means by which simulated people act. */
export interface Stage {
  channelOf(account: NewAccount): NotificationChannel<Topics>;
  /**
   * Does something again and again, about every `ms` milliseconds, until the end. A rejection is
   * reported, and the repetition goes on.
   */
  every(ms: number, work: () => unknown): void;
  /** Does something once, unless the end comes first. */
  later(ms: number, work: () => unknown): void;
  /** Called at the end, while the channels are still open. */
  atEnd(work: () => void): void;
}
