/** What the connections of one emulator share. */
import type { PusherApp } from "../protocol/signature.ts";
import type { Channels } from "./channels.ts";
import type { FanOut } from "./fan-out.ts";
import type { MemberIds } from "./member-id.ts";
import type { Senders } from "./senders.ts";

/** A client event that the hub has taken. */
export interface TakenClientEvent {
  readonly channel: string;
  readonly event: string;
  /** JSON. */
  readonly data: string;
  readonly socket_id: string;
  readonly user_id?: string | undefined;
}

export interface EmulatorHost {
  readonly app: PusherApp;
  /** Whether clients may send events at all. */
  readonly clientEvents: boolean;
  /** What clients are told, in seconds. */
  readonly activityTimeout: number;
  readonly channels: Channels;
  readonly senders: Senders;
  readonly memberIds: MemberIds;
  readonly fanOut: FanOut;
  /** Hears of what webhooks tell and {@link Channels} does not know. */
  clientEvent(event: TakenClientEvent): void;
  cacheMiss(channel: string): void;
}
