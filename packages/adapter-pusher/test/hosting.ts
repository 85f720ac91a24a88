/**
 * An application with hosted Pusher in the middle: its hub and routes, the stand-in for Pusher, and
 * channels; for one test each.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type BellwireError, type Contract, defineTopics, type, volatile } from "@bellwire/core";
import { type ChannelOptions, createChannel, type NotificationChannel } from "@bellwire/core/client";
import { SessionLog, until } from "@bellwire/core/conformance";
import { createHub, type Hub, type HubOptions } from "@bellwire/core/server";
import { onTestFinished } from "vitest";
import { type HostedPusherOptions, pusherTransport } from "../src/client.ts";
import { attachPusherRoutes, hostedPusher, type PusherRoutesOptions } from "../src/hosted.ts";
import { app, startVendor, type Vendor } from "./vendor.ts";

export interface Numbered {
  readonly n: number;
  readonly text?: string;
}
type Plain = ReturnType<typeof type<Numbered>>;

export type Topics = {
  readonly "news.{name}": {
    readonly said: Plain;
    readonly typing: { readonly schema: Plain; readonly kind: "volatile" };
  };
  readonly "orders.{name}": { readonly place: Plain };
  readonly "private-orders.{user}": { readonly said: Plain };
  readonly "presence-room.{name}": { readonly said: Plain };
};

export const topics: Contract<Topics> = defineTopics({
  "news.{name}": { said: type<Numbered>(), typing: volatile(type<Numbered>()) },
  "orders.{name}": { place: type<Numbered>() },
  "private-orders.{user}": { said: type<Numbered>() },
  "presence-room.{name}": { said: type<Numbered>() },
});

interface User {
  readonly user?: string;
  readonly expiresAt?: number;
  readonly info?: unknown;
}

export interface HostingOptions {
  readonly hub?: Partial<HubOptions<Topics, User>>;
  readonly routes?: Partial<PusherRoutesOptions>;
  /** For the broadcaster and the channels alike. */
  readonly metadata?: boolean;
}

export interface Hosting {
  readonly vendor: Vendor;
  readonly hub: Hub<Topics, User>;
  /** The application's server. */
  readonly server: Server;
  readonly url: string;
  /** Errors that the broadcaster reported. */
  readonly reported: BellwireError[];
  /** Errors that the hub and the routes reported. */
  readonly errors: unknown[];
  readonly channel: (options?: ChannelSetup) => NotificationChannel<Topics>;
}

export interface ChannelSetup extends Partial<Omit<ChannelOptions<Topics>, "topics" | "transport">> {
  /** Default: the token names the user. */
  readonly pusher?: Partial<HostedPusherOptions>;
}

/** The user whom a token names: `ada`, or `ada.1700000000000`. */
export function byToken({ token }: { readonly token: string | undefined }): User | null {
  if (token === undefined) return {};
  const [user = "", end] = token.split(".");
  if (user === "wrong") return null;
  return { user, info: { name: user.toUpperCase() }, ...(end !== undefined && { expiresAt: Number(end) }) };
}

/** Starts everything. Named users may do everything, the others subscribe to public topics only. */
export async function host(options: HostingOptions = {}): Promise<Hosting> {
  const vendor = await startVendor();
  const reported: BellwireError[] = [];
  const errors: unknown[] = [];
  const { id: appId, key, secret } = app;
  const { metadata = true } = options;
  const broadcaster = hostedPusher({
    appId,
    key,
    secret,
    host: "127.0.0.1",
    port: vendor.port,
    useTLS: false,
    metadata,
    onError: (error) => reported.push(error),
  });
  const hub = createHub<Topics, User>({
    topics,
    broadcasters: [broadcaster],
    authenticate: byToken,
    authorize: ({ identity, topic }) => identity.user !== undefined || !topic.startsWith("pr"),
    onError: (error) => errors.push(error),
    ...options.hub,
  });
  const server = createServer((_, response) => response.end("page"));
  attachPusherRoutes(hub, server, { app, onError: (error) => errors.push(error), ...options.routes });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/bellwire/pusher`;
  onTestFinished(async () => {
    await hub.close({ flush: 0, spread: 0 });
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });
  return {
    vendor,
    hub,
    server,
    url,
    reported,
    errors,
    channel({ pusher, ...rest } = {}) {
      const transport = pusherTransport({
        key,
        cluster: "local",
        wsHost: "127.0.0.1",
        wsPort: vendor.port,
        forceTLS: false,
        routes: url,
        positionCheck: 200,
        metadata,
        ...pusher,
      });
      const channel = createChannel({ topics, transport, backoff: { base: 5, cap: 60 }, ...rest });
      onTestFinished(() => channel.close());
      return channel;
    },
  };
}

/** Subscribes and writes down what comes. */
export async function listen(
  channel: NotificationChannel<Topics>,
  ...names: readonly (`news.${string}` | `private-orders.${string}` | `presence-room.${string}`)[]
): Promise<SessionLog> {
  const log = new SessionLog("session");
  const subscriptions = names.map((name) => channel.subscribe(name));
  for (const subscription of subscriptions) log.follow(subscription as never);
  await Promise.all(subscriptions.map((subscription) => subscription.ready()));
  return log;
}

/** Waits until exactly these numbers were heard of a topic. */
export async function hears(log: SessionLog, topic: string, numbers: readonly number[]): Promise<void> {
  await log.until(() => log.numbers(topic).length >= numbers.length, `${numbers.length} of ${topic}`, 8_000);
  const heard = log.numbers(topic);
  if (JSON.stringify(heard) !== JSON.stringify(numbers))
    throw new Error(`heard ${JSON.stringify(heard)}\n${log.describe()}`);
}

/** The numbers from `first` to `last`. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** Publishes the numbers, one after the other. */
export async function publish(
  { hub }: Pick<Hosting, "hub">,
  topic: `news.${string}`,
  numbers: readonly number[],
): Promise<void> {
  for (const n of numbers) await hub.publish(topic, "said", { n });
}

/** The connections to Pusher are lost, or closed by it, and the channel is back on another. */
export async function reconnect(
  { vendor }: Hosting,
  channel: NotificationChannel<Topics>,
  number?: number,
): Promise<void> {
  const before = new Set(vendor.connections.keys());
  vendor.cut(number);
  const isNew = (): boolean => Array.from(vendor.connections.keys()).some((id) => !before.has(id));
  await until(() => channel.state === "connected" && isNew(), "the channel to be back");
}

export { until };
