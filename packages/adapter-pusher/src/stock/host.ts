/** Everything that the connections to one server share. */
import type { PusherSettings } from "../options.ts";
import type { PusherApp } from "../protocol/app.ts";
import { Channels } from "./channels.ts";
import { FanOut } from "./fan-out.ts";
import { MemberIds } from "./member-id.ts";
import { Senders } from "./senders.ts";
import { SubscriptionCounts } from "./subscription-counts.ts";
import { type TakenClientEvent, Webhooks } from "./webhooks.ts";

export interface PusherHost {
  readonly app: PusherApp;
  /** Whether clients may send events at all. */
  readonly clientEvents: boolean;
  /** The seconds without a message after which clients ping. */
  readonly activityTimeout: number;
  readonly channels: Channels;
  readonly senders: Senders;
  readonly memberIds: MemberIds;
  readonly fanOut: FanOut;
  /** Reports events to webhooks of which {@link Channels} does not know. */
  clientEvent(event: TakenClientEvent): void;
  cacheMiss(channel: string): void;
}

/** Makes the host of one server. */
export function createHost(settings: PusherSettings): PusherHost {
  const { app, clientEvents, activityTimeout, subscriptionCount } = settings;
  const webhooks = new Webhooks(app, settings.webhooks);
  const counts = new SubscriptionCounts(() => channels);
  const senders = new Senders();
  const memberIds = new MemberIds();
  const channels = new Channels((change) => {
    if (change.name === "channel_vacated") memberIds.vacated(change.channel);
    if (change.name !== "subscription_count") webhooks.changed(change);
    else if (subscriptionCount) {
      counts.changed(change);
      webhooks.changed(change);
    }
  });
  return {
    app,
    clientEvents,
    activityTimeout: Math.ceil(activityTimeout / 1_000),
    channels,
    senders,
    memberIds,
    fanOut: new FanOut(senders, memberIds),
    clientEvent: (event) => webhooks.clientEvent(event),
    cacheMiss: (channel) => webhooks.cacheMiss(channel),
  };
}
