/** The promises of the hooks about the past, on the React with which this file is bundled. */
import { ChannelProvider, useHistory, useSubscription } from "@bellwire/react";
import { type ReactElement, type ReactNode, StrictMode, useState } from "react";
import { renderToString } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { mount, until, World } from "./world.ts";

type NewsTopic = `news.${string}`;

function Past({
  topic = "news.a",
  limit,
}: {
  readonly topic?: NewsTopic | null;
  readonly limit?: number;
}): ReactElement {
  const list = useHistory(topic, limit === undefined ? {} : { limit });
  const numbers = list.notifications.map(({ data }) => (data as { readonly n: number }).n);
  const words = [
    list.loading && "loading",
    list.hasOlder && "older",
    list.gap && `gap:${list.gap.reason}`,
    list.error?.code,
    ...numbers,
  ];
  return (
    <p>
      {words.filter((word) => word || word === 0).join(" ")}
      <button type="button" onClick={list.loadOlder} />
    </p>
  );
}

function Heard({ history }: { readonly history: number }): ReactElement {
  const [heard, setHeard] = useState<number[]>([]);
  const { error } = useSubscription("news.a", {
    history,
    on: { said: ({ data }) => setHeard((before) => [...before, data.n]) },
  });
  return <p>{[error?.code, ...heard].filter(Boolean).join(" ")}</p>;
}

async function said(world: World, first: number, last = first): Promise<void> {
  for (let n = first; n <= last; n += 1) await world.hub.publish("news.a", "said", { n });
}

const press = (): void => document.querySelector("button")?.click();

/** Registers every case. `major` is the React that must be under test. */
export function describeHistory(major: number): void {
  describe(`the hooks of the past on React ${major}`, () => {
    it("show the newest page, what comes live after it, and older pages on demand, to the start", async () => {
      const world = new World({ size: 100 });
      await said(world, 1, 7);
      const page = mount(
        <StrictMode>
          <ChannelProvider create={world.late}>
            <Past limit={3} />
          </ChannelProvider>
        </StrictMode>,
      );
      await until(() => page.text, "older 5 6 7");
      await said(world, 8);
      await until(() => page.text, "older 5 6 7 8");
      press();
      press();
      await until(() => page.text, "older 2 3 4 5 6 7 8");
      press();
      await until(() => page.text, "1 2 3 4 5 6 7 8");
      press();
      await said(world, 9);
      await until(() => page.text, "1 2 3 4 5 6 7 8 9");
      expect([world.channels, world.connections]).toEqual([1, 1]);
      expect(world.errors).toEqual([]);
    });

    it("have no hole and no repetition while publishing goes on", async () => {
      const world = new World({ size: 1_000 });
      await said(world, 1, 10);
      const page = mount(
        <ChannelProvider create={world.late}>
          <Past limit={5} />
        </ChannelProvider>,
      );
      for (let n = 11; n <= 60; n += 1) {
        await said(world, n);
        if (n % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        if (n % 9 === 0) press();
      }
      await until(() => page.text.endsWith(" 60"), true);
      await until(() => page.text.includes("loading"), false);
      const numbers = page.text.split(" ").filter(Number).map(Number);
      expect(numbers).toEqual(Array.from(numbers, (_, index) => 60 - numbers.length + 1 + index));
      expect(numbers.length).toBeGreaterThan(50);
    });

    it("begin again, without a hole, after a gap", async () => {
      const world = new World({ size: 3 });
      await said(world, 1, 2);
      const page = mount(
        <ChannelProvider create={world.late}>
          <Past />
        </ChannelProvider>,
      );
      await until(() => page.text, "1 2");
      await said(world, 3);
      await until(() => page.text, "1 2 3");
      world.cut();
      await said(world, 4, 9);
      await until(() => page.text, "gap:evicted 7 8 9");
      await said(world, 10);
      await until(() => page.text, "gap:evicted 7 8 9 10");
    });

    it("show another topic's past under that topic alone, and nothing for null", async () => {
      const world = new World({ size: 100 });
      await said(world, 1, 2);
      await world.hub.publish("news.b", "said", { n: 50 });
      const tree = (topic: NewsTopic | null): ReactNode => (
        <ChannelProvider create={world.late}>
          <Past topic={topic} />
        </ChannelProvider>
      );
      const page = mount(tree("news.a"));
      await until(() => page.text, "1 2");
      page.render(tree("news.b"));
      await until(() => page.text, "50");
      page.render(tree(null));
      await until(() => page.text, "");
      press();
      page.render(tree("news.a"));
      await until(() => page.text, "1 2");
    });

    it("report why a page cannot be read, and read it when asked again", async () => {
      const world = new World({ size: 100 });
      await said(world, 1, 2);
      const page = mount(
        <ChannelProvider create={world.late}>
          <Past limit={1} />
        </ChannelProvider>,
      );
      await until(() => page.text, "older 2");
      world.allows = false;
      press();
      await until(() => page.text, "older forbidden 2");
      world.allows = true;
      press();
      await until(() => page.text, "1 2");
    });

    it("hear the past first with the option history, once, also under StrictMode", async () => {
      const world = new World({ size: 100 });
      await said(world, 1, 5);
      const page = mount(
        <StrictMode>
          <ChannelProvider create={world.late}>
            <Heard history={2} />
          </ChannelProvider>
        </StrictMode>,
      );
      await until(() => page.text, "4 5");
      await said(world, 6);
      await until(() => page.text, "4 5 6");
    });

    it("report invalid_option on a channel that does not read the past", async () => {
      const world = new World();
      const page = mount(
        <ChannelProvider create={world.channel}>
          <Heard history={2} />
        </ChannelProvider>,
      );
      await until(() => page.text, "invalid_option");
      page.render(
        <ChannelProvider create={world.channel}>
          <Past />
        </ChannelProvider>,
      );
      await until(() => page.text, "invalid_option");
    });

    it("make no connection on a server, and load from the first render on", () => {
      const world = new World();
      const html = renderToString(
        <ChannelProvider create={world.late}>
          <Past />
        </ChannelProvider>,
      );
      expect(html).toContain("loading");
      expect([world.channels, world.connections]).toEqual([0, 0]);
    });

    it("give loadOlder the same identity in every render", async () => {
      const world = new World({ size: 100 });
      const seen = new Set<unknown>();
      const Spy = (): ReactElement => {
        const { loadOlder, notifications } = useHistory("news.a");
        seen.add(loadOlder);
        return <p>{notifications.length}</p>;
      };
      const page = mount(
        <ChannelProvider create={world.late}>
          <Spy />
        </ChannelProvider>,
      );
      await said(world, 1, 3);
      await until(() => page.text, "3");
      expect(seen.size).toBe(1);
    });
  });
}
