/** Programs that join a topic late: those that must compile, and those that must not. */
import { type Capabilities, defineTopics, type Transport, type } from "@bellwire/core";
import {
  createChannel,
  type HistoryChannel,
  historyList,
  type NotificationChannel,
  type Subscription,
  withHistory,
} from "@bellwire/core/client";
import { memoryTransport } from "@bellwire/core/memory";
import { createHub } from "@bellwire/core/server";
import { describe, expectTypeOf, it } from "vitest";

const topics = defineTopics({
  "news.{name}": { said: type<{ n: number }>(), told: type<{ text: string }>() },
  "presence-room": { said: type<{ n: number }>() },
});
type Topics = typeof topics.map;

declare const none: Transport<Capabilities & { readonly paging: "none" }>;
const channel = withHistory(createChannel({ topics, transport: memoryTransport(createHub({ topics })) }));
const bare = createChannel({ topics, transport: memoryTransport(createHub({ topics })) });
const hosted = withHistory(createChannel({ topics, transport: none }));

describe("a channel with history", () => {
  it("has the types of the contract in subscriptions, pages, snapshots and lists", async () => {
    const news = channel.subscribe("news.a", { history: 20 });
    expectTypeOf(news).toEqualTypeOf<Subscription<Topics, "news.a">>();
    const page = await channel.history("news.a");
    const [first] = page.notifications;
    if (first?.event === "told") expectTypeOf(first.data).toEqualTypeOf<{ text: string }>();
    const state = async () => ({ position: { epoch: "e", offset: 1 }, rows: [1] });
    channel
      .subscribe("news.a", { state })
      .onState(({ rows }) => expectTypeOf(rows).toEqualTypeOf<number[]>());
    expectTypeOf(channel.subscribe("presence-room", { history: { since: 0 } }).members.size).toBeNumber();
    historyList(channel, news, {
      changed: ({ notifications }) =>
        expectTypeOf(notifications[0]?.event).toEqualTypeOf<"said" | "told" | undefined>(),
    });
    expectTypeOf<HistoryChannel<Topics>>().toExtend<NotificationChannel<Topics>>();
  });

  it("refuses what cannot work", () => {
    // @ts-expect-error -- a channel without history
    bare.subscribe("news.a", { history: 20 });
    // @ts-expect-error -- a channel without history
    void bare.history?.("news.a");
    // @ts-expect-error -- no such topic
    void channel.history("weather");
    // @ts-expect-error -- a snapshot without its position
    channel.subscribe("news.a", { state: async () => ({ rows: [] }) });
    // @ts-expect-error -- one or the other
    channel.subscribe("news.a", { history: 1, state: async () => ({ position: { epoch: "e", offset: 1 } }) });
    // @ts-expect-error -- no pages over this transport
    void hosted.history("news.a");
    // @ts-expect-error -- no pages over this transport
    hosted.subscribe("news.a", { history: 1 });
    // @ts-expect-error -- positions of the hub mean nothing over this transport
    hosted.subscribe("news.a", { state: async () => ({ position: { epoch: "e", offset: 1 } }) });
    hosted.subscribe("news.a");
  });
});
