/**
 * The promises of the hooks, on the React with which this file is bundled: this package's tests run
 * it on 19, examples/react-18 on 18.
 */
import "./hot-reload.ts"; // before React DOM

import type { NotificationChannel } from "@bellwire/core/client";
import {
  ChannelProvider,
  useChannelState,
  useChannelStatus,
  useNotifications,
  usePresence,
  usePublish,
  useSubscription,
} from "@bellwire/react";
import { Component, type ReactElement, type ReactNode, StrictMode, Suspense, useState, version } from "react";
import { hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { refresh } from "./hot-reload.ts";
import type { topics } from "./topics.ts";
import { mount, until, World } from "./world.ts";

type NewsTopic = `news.${string}`;

function Heard({ topic = "news.a" }: { readonly topic?: NewsTopic | null }): ReactElement {
  const [heard, setHeard] = useState<number[]>([]);
  const { ready, gap, error } = useSubscription(topic, {
    on: { said: ({ data }) => setHeard((before) => [...before, data.n]) },
  });
  return (
    <p>{[ready && "ready", gap && `gap:${gap.reason}`, error?.code, ...heard].filter(Boolean).join(" ")}</p>
  );
}

function Listed({
  topic = "news.a",
  limit,
}: {
  readonly topic?: NewsTopic | null;
  readonly limit?: number;
}): ReactElement {
  const list = useNotifications(topic, { ...(limit !== undefined && { limit }), events: ["said"] });
  const numbers = list.notifications.map(({ data }) => data.n);
  return (
    <p>
      {[list.ready && "ready", list.gap && `gap:${list.gap.reason}`, list.error?.code, ...numbers]
        .filter(Boolean)
        .join(" ")}
      <button type="button" onClick={list.clear} />
    </p>
  );
}

function Present(): ReactElement {
  const { ready, members, error } = usePresence("presence-room.1");
  return <p>{[ready && "ready", error?.code, ...members.map(({ id }) => id)].filter(Boolean).join(" ")}</p>;
}

function State(): ReactElement {
  return <p>{useChannelState()}</p>;
}

function Status(): ReactElement {
  const { state, cause, attempt, after } = useChannelStatus();
  const times = [attempt && `${attempt} failed`, after !== undefined && after >= 0 && "again soon"];
  return <p>{[state, cause?.code, ...times].filter(Boolean).join(", ")}</p>;
}

function Publisher({ n }: { readonly n: number }): ReactElement {
  const { publish, pending, error } = usePublish("news.a", "said");
  return (
    <button type="button" onClick={() => void publish({ n })}>
      {pending ? "pending" : (error?.code ?? "still")}
    </button>
  );
}

const press = (text: string): void => {
  const buttons = Array.from(document.querySelectorAll("button"));
  buttons.find((button) => button.textContent === text)?.click();
};

/** Records everything that React writes to the console, which is where it complains. */
function complaints(): unknown[] {
  const said: unknown[] = [];
  const spies = (["error", "warn"] as const).map((kind) =>
    vi.spyOn(console, kind).mockImplementation((...words) => void said.push(words.join(" "))),
  );
  onTestFinished(() => spies.forEach((spy) => spy.mockRestore()));
  return said;
}

/** Registers every case. `major` is the React that must be under test. */
export function describeHooks(major: number): void {
  describe(`the hooks on React ${major}`, () => {
    it("are under test on that React", () => {
      expect(version.split(".")[0]).toBe(String(major));
    });

    describe.each([
      { hook: "useSubscription", element: <Heard />, topic: "news.a", shown: "ready" },
      { hook: "useNotifications", element: <Listed />, topic: "news.a", shown: "ready" },
      { hook: "usePresence", element: <Present />, topic: "presence-room.1", shown: "ready alice" },
    ])("$hook under StrictMode", ({ element, topic, shown }) => {
      it("makes one connection and one subscription, and unmounting releases both", async () => {
        const said = complaints();
        const world = new World();
        const page = mount(
          <StrictMode>
            <ChannelProvider create={world.channel}>{element}</ChannelProvider>
          </StrictMode>,
        );
        await until(() => page.text, shown);
        expect([world.channels, world.connections, world.hub.links]).toEqual([1, 1, 1]);
        expect(world.commands("subscribe")).toEqual([topic]);
        expect(world.commands("unsubscribe")).toEqual([]);
        page.unmount();
        await until(() => world.hub.links, 0);
        expect([world.channels, world.connections]).toEqual([1, 1]);
        expect(world.commands("subscribe")).toEqual([topic]);
        expect(said).toEqual([]);
      });

      it("leaves the topic and keeps the channel when the channel is the application's own", async () => {
        const world = new World();
        const channel = world.channel();
        // On a link, so that nothing said to the hub is held back.
        channel.connect();
        await until(() => channel.state, "connected");
        const page = mount(
          <StrictMode>
            <ChannelProvider channel={channel}>{element}</ChannelProvider>
          </StrictMode>,
        );
        await until(() => page.text, shown);
        page.unmount();
        await until(() => world.commands("unsubscribe"), [topic]);
        expect(world.commands("subscribe")).toEqual([topic]);
        expect(channel.state).toBe("connected");
      });
    });

    it("useChannelState and usePublish under StrictMode connect once, and only when there is something to publish", async () => {
      const said = complaints();
      const world = new World();
      const page = mount(
        <StrictMode>
          <ChannelProvider create={world.channel}>
            <State />
            <Publisher n={1} />
          </ChannelProvider>
        </StrictMode>,
      );
      await until(() => page.text, "idlestill");
      expect(world.connections).toBe(0);
      press("still");
      await until(() => page.text, "connectedstill");
      expect([world.channels, world.connections, world.hub.links]).toEqual([1, 1, 1]);
      expect(world.commands("publish")).toEqual(["news.a"]);
      page.unmount();
      await until(() => world.hub.links, 0);
      expect(said).toEqual([]);
    });

    it("useChannelStatus returns the cause of a lost connection, the failed attempts and the time to the next", async () => {
      const said = complaints();
      const world = new World();
      const page = mount(
        <StrictMode>
          <ChannelProvider create={world.channel}>
            <Status />
          </ChannelProvider>
        </StrictMode>,
      );
      await until(() => page.text, "idle");
      expect(world.connections).toBe(0);
      page.render(
        <StrictMode>
          <ChannelProvider create={world.channel}>
            <Status />
            <Heard />
          </ChannelProvider>
        </StrictMode>,
      );
      await until(() => page.text, "connectedready");
      await world.hub.close({ flush: 0, spread: 600_000 });
      await until(() => page.text, "waiting, draining, 1 failed, again soonready");
      expect(said).toEqual([]);
    });

    it("share one subscription between components, which ends with the last of them", async () => {
      const world = new World();
      const page = mount(
        <ChannelProvider create={world.channel}>
          <Heard />
          <Listed />
          <Listed />
        </ChannelProvider>,
      );
      await until(() => page.text, "readyreadyready");
      page.render(
        <ChannelProvider create={world.channel}>
          <Heard />
        </ChannelProvider>,
      );
      await until(() => page.text, "ready");
      await world.hub.publish("news.a", "said", { n: 1 });
      await until(() => page.text, "ready 1");
      expect(world.commands("unsubscribe")).toEqual([]);
      page.render(
        <ChannelProvider create={world.channel}>
          <Heard topic={null} />
        </ChannelProvider>,
      );
      await until(() => world.commands("unsubscribe"), ["news.a"]);
      expect(world.commands("subscribe")).toEqual(["news.a"]);
    });

    it("pass a topic from one component to another without unsubscribing", async () => {
      const world = new World();
      const page = mount(
        <ChannelProvider create={world.channel}>
          <Heard key="one" />
        </ChannelProvider>,
      );
      await until(() => page.text, "ready");
      page.render(
        <ChannelProvider create={world.channel}>
          <Listed key="other" />!
        </ChannelProvider>,
      );
      await until(() => page.text, "ready!");
      await world.hub.publish("news.a", "said", { n: 1 });
      await until(() => page.text, "ready 1!");
      expect(world.commands("subscribe")).toEqual(["news.a"]);
      expect(world.commands("unsubscribe")).toEqual([]);
    });

    it("call the handlers of the latest render, without subscribing again", async () => {
      const world = new World();
      const heard: string[] = [];
      const Handler = ({ name }: { readonly name: string }): ReactElement => {
        const { ready } = useSubscription("news.a", {
          on: { said: ({ data }) => heard.push(`${name} on ${data.n}`) },
          onAny: ({ event }) => heard.push(`${name} any ${event}`),
        });
        return <p>{`${name} ${ready}`}</p>;
      };
      const page = mount(
        <ChannelProvider create={world.channel}>
          <Handler name="first" />
        </ChannelProvider>,
      );
      await until(() => page.text, "first true");
      page.render(
        <ChannelProvider create={world.channel}>
          <Handler name="second" />
        </ChannelProvider>,
      );
      await until(() => page.text, "second true");
      await world.hub.publish("news.a", "said", { n: 1 });
      await until(() => heard, ["second on 1", "second any said"]);
      expect(world.commands("subscribe")).toEqual(["news.a"]);
    });

    it("report a handler's error to the channel's onError, and go on", async () => {
      const world = new World();
      const heard: number[] = [];
      const Thrower = (): ReactElement => {
        const { ready } = useSubscription("news.a", {
          on: {
            said: ({ data }) => {
              heard.push(data.n);
              throw new Error(`handler ${data.n}`);
            },
          },
        });
        return <p>{ready && "ready"}</p>;
      };
      const page = mount(
        <ChannelProvider create={world.channel}>
          <Thrower />
        </ChannelProvider>,
      );
      await until(() => page.text, "ready");
      await world.hub.publish("news.a", "said", { n: 1 });
      await world.hub.publish("news.a", "said", { n: 2 });
      await until(() => heard, [1, 2]);
      expect(world.errors).toEqual([new Error("handler 1"), new Error("handler 2")]);
      expect(page.text).toBe("ready");
    });

    it("never show one topic's list under another topic", async () => {
      const world = new World();
      const shown: string[] = [];
      const Spy = ({ topic }: { readonly topic: NewsTopic }): ReactElement => {
        const { notifications, ready } = useNotifications(topic);
        const text = `${topic} ${notifications.map((one) => one.topic).join()} ${ready}`;
        shown.push(text);
        return <p>{text}</p>;
      };
      const tree = (topic: NewsTopic): ReactNode => (
        <ChannelProvider create={world.channel}>
          <Spy topic={topic} />
        </ChannelProvider>
      );
      const page = mount(tree("news.a"));
      await until(() => page.text, "news.a  true");
      await world.hub.publish("news.a", "said", { n: 1 });
      await until(() => page.text, "news.a news.a true");
      page.render(tree("news.b"));
      await until(() => page.text, "news.b  true");
      expect(shown.filter((text) => text.startsWith("news.b news.a"))).toEqual([]);
      expect(world.commands("unsubscribe")).toEqual(["news.a"]);
    });

    it("keep the newest of the chosen events up to the limit, oldest first, until cleared", async () => {
      const world = new World();
      const page = mount(
        <ChannelProvider create={world.channel}>
          <Listed limit={2} />
        </ChannelProvider>,
      );
      await until(() => page.text, "ready");
      for (const n of [1, 2, 3]) {
        await world.hub.publish("news.a", "said", { n });
        await world.hub.publish("news.a", "told", { text: "not chosen" });
      }
      await until(() => page.text, "ready 2 3");
      press("");
      await until(() => page.text, "ready");
      await world.hub.publish("news.a", "said", { n: 4 });
      await until(() => page.text, "ready 4");
    });

    it("deliver what was missed while the link was lost, or show a gap", async () => {
      const world = new World();
      const page = mount(
        <ChannelProvider create={world.channel}>
          <Listed />
          <Heard />
        </ChannelProvider>,
      );
      await until(() => page.text, "readyready");
      world.cut();
      await world.hub.publish("news.a", "said", { n: 1 });
      await until(() => page.text, "ready 1ready 1");
      world.cut();
      // The history holds three.
      for (const n of [2, 3, 4, 5]) await world.hub.publish("news.a", "said", { n });
      await until(() => page.text, "ready gap:evicted 1ready gap:evicted 1");
      press("");
      await until(() => page.text, "readyready gap:evicted 1");
    });

    it("show the reason that a subscription was refused or ended", async () => {
      const world = new World();
      const ends: string[] = [];
      const Diary = (): ReactElement => {
        const { error } = useSubscription("private-diary", { onEnd: ({ code }) => ends.push(code) });
        return <p>{error?.code}</p>;
      };
      const page = mount(
        <ChannelProvider create={world.channel}>
          <Diary />
          <Heard />
        </ChannelProvider>,
      );
      await until(() => page.text, "forbiddenready");
      expect(ends).toEqual(["forbidden"]);
      await world.hub.revoke("alice", "news.a");
      await until(() => page.text, "forbiddenready gap:authorization forbidden");
    });

    it("show a topic that the contract lacks as an error, and keep the tree mounted", async () => {
      const world = new World();
      const page = mount(
        <ChannelProvider create={world.channel}>
          <Heard topic={"wether.a" as NewsTopic} />
        </ChannelProvider>,
      );
      await until(() => page.text, "unknown_topic");
    });

    it("return the members, also to a component that mounts later", async () => {
      const world = new World();
      const page = mount(
        <ChannelProvider create={world.channel}>
          <Present key="first" />
        </ChannelProvider>,
      );
      await until(() => page.text, "ready alice");
      const bob = world.channel("bob");
      const joined = bob.subscribe("presence-room.1");
      await until(() => page.text, "ready alice bob");
      page.render(
        <ChannelProvider create={world.channel}>
          <Present key="first" />
          <Present key="second" />
        </ChannelProvider>,
      );
      await until(() => page.text, "ready alice bobready alice bob");
      joined.close();
      await until(() => page.text, "ready aliceready alice");
      // Alice's and Bob's.
      expect(world.commands("subscribe")).toEqual(["presence-room.1", "presence-room.1"]);
    });

    it("show a publish as pending until the hub has acknowledged it", async () => {
      const world = new World();
      const page = mount(
        <ChannelProvider create={world.channel}>
          <Publisher n={1} />
        </ChannelProvider>,
      );
      await until(() => page.text, "still");
      press("still");
      await until(() => page.text, "pending");
      await until(() => page.text, "still");
      await world.hub.close({ flush: 0 });
      press("still");
      await until(() => page.text, "pending");
    });

    it("show every failure of a publish as a BellwireError, also the application's own errors, and end pending", async () => {
      const world = new World();
      const failure = new TypeError("the schema's own");
      const causes: unknown[] = [];
      const Writer = (): ReactElement => {
        const { publish, pending, error } = usePublish("news.a", "checked");
        if (error) causes.push(error.cause);
        return (
          <button type="button" onClick={() => void publish(failure).catch(() => {})}>
            {pending ? "pending" : (error?.code ?? "still")}
          </button>
        );
      };
      const page = mount(
        <ChannelProvider create={world.channel}>
          <Writer />
        </ChannelProvider>,
      );
      await until(() => page.text, "still");
      press("still");
      await until(() => page.text, "internal");
      expect(causes.at(-1)).toBe(failure);
      page.unmount();
      const broken = mount(
        <ChannelProvider
          create={() => {
            throw failure;
          }}
        >
          <Writer />
        </ChannelProvider>,
      );
      await until(() => broken.text, "still");
      press("still");
      await until(() => broken.text, "internal");
      expect(causes.at(-1)).toBe(failure);
    });

    it("resolve and reject a publish as the channel does, without an unhandled rejection when nobody awaits it", async () => {
      const world = new World();
      const outcomes: unknown[] = [];
      const Writer = (): ReactElement => {
        const news = usePublish("news.a", "said");
        const cursor = usePublish("cursors", "moved");
        return (
          <p>
            <button
              type="button"
              onClick={() =>
                void news.publish({ n: 1 }).then(({ position }) => outcomes.push(position?.offset))
              }
            >
              news
            </button>
            <button type="button" onClick={() => void cursor.publish({ x: 1 })}>
              cursor
            </button>
            {cursor.error?.code ?? "no error"}
          </p>
        );
      };
      const page = mount(
        <ChannelProvider create={world.channel}>
          <Writer />
        </ChannelProvider>,
      );
      await until(() => page.text, "newscursorno error");
      // A volatile event needs a link, and there is none yet; nobody waits for the promise.
      press("cursor");
      await until(() => page.text, "newscursorlink_lost");
      press("news");
      await until(() => outcomes, [1]);
      press("cursor");
      await until(() => page.text, "newscursorno error");
      await until(() => world.commands("publish"), ["news.a", "cursors"]);
    });

    it("make no connection on a server, and hydrate the server's page without a warning", async () => {
      const said = complaints();
      const world = new World();
      const tree = (
        <ChannelProvider create={world.channel}>
          <Heard />
          <Listed />
          <Present />
          <State />
          <Publisher n={1} />
        </ChannelProvider>
      );
      const html = renderToString(tree);
      expect([world.channels, world.connections]).toEqual([0, 0]);
      expect(html).toContain("idle");
      const container = document.createElement("div");
      container.innerHTML = html;
      document.body.append(container);
      const root = hydrateRoot(container, tree);
      onTestFinished(() => {
        root.unmount();
        container.remove();
      });
      await until(() => container.textContent, "readyreadyready aliceconnectedstill");
      expect([world.channels, world.connections]).toEqual([1, 1]);
      expect(said).toEqual([]);
    });

    it("stay subscribed while a component is suspended again, and miss nothing", async () => {
      const world = new World();
      let wait: Promise<void> | undefined;
      const Suspending = (): ReactElement => {
        const list = useNotifications("news.a");
        if (wait) throw wait;
        return <p>{[list.ready && "ready", ...list.notifications.map(({ id }) => id)].join(" ")}</p>;
      };
      const tree = (round: number): ReactNode => (
        <StrictMode>
          <ChannelProvider create={world.channel}>
            <Suspense fallback={<i>wait</i>}>
              <Suspending key="same" {...{ round }} />
            </Suspense>
          </ChannelProvider>
        </StrictMode>
      );
      // It also suspends before it is first shown.
      let resolve = (): void => {};
      const suspend = (): void => {
        wait = new Promise((done) => {
          resolve = () => {
            wait = undefined;
            done();
          };
        });
      };
      suspend();
      const page = mount(tree(1));
      await until(() => page.text, "wait");
      expect(world.connections).toBe(0);
      resolve();
      await until(() => page.text, "ready");
      suspend();
      page.render(tree(2));
      await until(() => page.text.endsWith("wait"), true);
      await world.hub.publish("news.a", "said", { n: 1 }, { id: "missed?" });
      resolve();
      await until(() => page.text, "ready missed?");
      expect([world.channels, world.connections]).toEqual([1, 1]);
      expect(world.commands("subscribe")).toEqual(["news.a"]);
      expect(world.commands("unsubscribe")).toEqual([]);
    });

    it("keep the connection, the subscription and the list through a hot reload", async () => {
      const world = new World();
      let create = 0;
      // The module as it is evaluated first, and again after an edit: every function in it is
      // another one.
      const evaluate = (greeting: string) => {
        const Inner = (): ReactElement => {
          const { ready, notifications } = useNotifications("news.a");
          return <p>{[greeting, ready, ...notifications.map(({ id }) => id)].join(" ")}</p>;
        };
        const App = (): ReactElement => (
          <ChannelProvider
            create={() => {
              create += 1;
              return world.channel();
            }}
          >
            <Inner />
          </ChannelProvider>
        );
        return { Inner, App };
      };
      const before = evaluate("before");
      const page = mount(
        <StrictMode>
          <before.App />
        </StrictMode>,
      );
      await until(() => page.text, "before true");
      await world.hub.publish("news.a", "said", { n: 1 }, { id: "one" });
      await until(() => page.text, "before true one");
      const after = evaluate("after");
      refresh([
        [before.App, after.App],
        [before.Inner, after.Inner],
      ]);
      await world.hub.publish("news.a", "said", { n: 2 }, { id: "two" });
      await until(() => page.text, "after true one two");
      expect([create, world.connections, world.hub.links]).toEqual([1, 1, 1]);
      expect(world.commands("subscribe")).toEqual(["news.a"]);
      expect(world.commands("unsubscribe")).toEqual([]);
    });

    it("move their subscriptions to another channel of the application, and begin anew there", async () => {
      const world = new World();
      const channels: NotificationChannel<typeof topics.map>[] = [world.channel(), world.channel("bob")];
      const tree = (index: number): ReactNode => (
        <ChannelProvider channel={channels[index] as NotificationChannel<typeof topics.map>}>
          <Present />
          <State />
        </ChannelProvider>
      );
      const page = mount(tree(0));
      await until(() => page.text, "ready aliceconnected");
      page.render(tree(1));
      await until(() => page.text, "ready bobconnected");
      expect(channels.map((channel) => channel.state)).toEqual(["connected", "connected"]);
      expect(world.commands("unsubscribe")).toEqual(["presence-room.1"]);
    });

    it("throw invalid_option without a provider", () => {
      const caught: unknown[] = [];
      class Boundary extends Component<{ readonly children: ReactNode }> {
        override state = { failed: false };
        static getDerivedStateFromError(error: unknown): { failed: boolean } {
          caught.push(error);
          return { failed: true };
        }
        override render(): ReactNode {
          return this.state.failed ? "failed" : this.props.children;
        }
      }
      complaints();
      const page = mount(
        <Boundary>
          <State />
        </Boundary>,
      );
      return until(() => page.text, "failed").then(() => {
        expect(caught[0]).toMatchObject({ code: "invalid_option" });
      });
    });
  });
}
