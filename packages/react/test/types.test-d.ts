/**
 * Programs that must compile, and programs that must not: the hooks know the topics, events and
 * payloads of the registered contract.
 */
import { type BellwireError, type Contract, defineTopics, type ErrorCode, type } from "@bellwire/core";
import { createChannel, type NotificationChannel, type Receipt } from "@bellwire/core/client";
import { memoryTransport } from "@bellwire/core/memory";
import { createHub } from "@bellwire/core/server";
import {
  ChannelProvider,
  type RegisteredTopics,
  useHistory,
  useNotifications,
  usePresence,
  usePublish,
  useSubscription,
} from "@bellwire/react";
import { createElement } from "react";
import { describe, expectTypeOf, it } from "vitest";
import { topics } from "./topics.ts";

declare const name: string;
const channel = createChannel({ topics, transport: memoryTransport(createHub({ topics })) });

describe("hooks", () => {
  it("take their types from the registered contract", () => {
    expectTypeOf<RegisteredTopics>().toEqualTypeOf<typeof topics extends Contract<infer M> ? M : never>();
    useSubscription(`news.${name}`, {
      on: {
        said: ({ data, event }) => {
          expectTypeOf(data).toEqualTypeOf<{ n: number }>();
          expectTypeOf(event).toEqualTypeOf<"said">();
        },
      },
      onAny: (notification) => {
        if (notification.event === "told") expectTypeOf(notification.data).toEqualTypeOf<{ text: string }>();
      },
    });
    const all = useNotifications("news.a").notifications;
    expectTypeOf(all[0]?.event).toEqualTypeOf<"said" | "told" | "checked" | undefined>();
    const past = useHistory("news.a", { limit: 5 });
    expectTypeOf(past.notifications[0]?.event).toEqualTypeOf<"said" | "told" | "checked" | undefined>();
    expectTypeOf(past.loadOlder).toEqualTypeOf<() => void>();
    useSubscription("news.a", { history: { since: 0 }, on: { said: ({ data }) => data.n } });
    const some = useNotifications("news.a", { events: ["said"] }).notifications;
    expectTypeOf(some[0]?.data).toEqualTypeOf<{ n: number } | undefined>();
    expectTypeOf(usePublish("news.a", "told").publish({ text: "x" })).resolves.toEqualTypeOf<Receipt>();
    expectTypeOf(usePublish("orders", "place").publish({ n: 1 })).resolves.toEqualTypeOf<
      Receipt<{ total: number }>
    >();
    expectTypeOf(usePublish("news.a", "said").error).toEqualTypeOf<BellwireError | undefined>();
    usePublish("orders", "place").error?.code satisfies ErrorCode | undefined;
    useSubscription("orders", {
      on: {
        "App\\Events\\OrderShipped": ({ data }) => expectTypeOf(data).toEqualTypeOf<{ any: true }>(),
      },
    });
    usePresence(name ? "presence-room.1" : null);
    useSubscription(name ? "news.a" : null);
  });

  it("refuse topics, events and data that the contract lacks", () => {
    // @ts-expect-error -- no such topic
    useSubscription("weather");
    // @ts-expect-error -- no such topic
    useHistory("weather");
    // @ts-expect-error -- a number, or an object with a time
    useSubscription("news.a", { history: "all" });
    // @ts-expect-error -- any string at all is not a topic
    useSubscription(name);
    // @ts-expect-error -- no such event
    useSubscription("news.a", { on: { shouted: () => {} } });
    // @ts-expect-error -- the data has no such key
    useSubscription("news.a", { on: { said: ({ data }) => data.text } });
    // @ts-expect-error -- no such handler
    useSubscription("news.a", { onEverything: () => {} });
    // @ts-expect-error -- nobody hears a command
    useSubscription("orders", { on: { place: () => {} }, onAny: ({ data }) => data.total });
    // @ts-expect-error -- no such event
    useNotifications("news.a", { events: ["shouted"] });
    // @ts-expect-error -- no such option
    useNotifications("news.a", { max: 3 });
    // @ts-expect-error -- nobody is present there
    usePresence("news.a");
    // @ts-expect-error -- an event of another topic
    usePublish("news.a", "moved");
    // @ts-expect-error -- text where a number belongs
    void usePublish("news.a", "said").publish({ n: "1" });
  });
});

describe("ChannelProvider", () => {
  it("takes a channel of the registered contract over any wire, or a function that makes one, and not both", () => {
    expectTypeOf(channel).toExtend<NotificationChannel<RegisteredTopics>>();
    createElement(ChannelProvider, { channel });
    createElement(ChannelProvider, { create: () => channel });
    // @ts-expect-error -- one of the two
    createElement(ChannelProvider, { channel, create: () => channel });
    // @ts-expect-error -- nothing to provide
    createElement(ChannelProvider, {});
    const others = defineTopics({ elsewhere: { said: type<string>() } });
    const other = createChannel({
      topics: others,
      transport: memoryTransport(createHub({ topics: others })),
    });
    // @ts-expect-error -- a channel of another contract
    createElement(ChannelProvider, { channel: other });
  });
});
