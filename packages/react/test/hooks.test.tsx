// @vitest-environment jsdom
/** The hooks on the React of this repository. */
import "./hot-reload.ts"; // before React DOM

import { ChannelProvider, useNotifications } from "@bellwire/react";
import { Activity, type ReactElement, type ReactNode } from "react";
import { describe, expect, it } from "vitest";
import { describeHooks } from "./cases.tsx";
import { describeHistory } from "./history-cases.tsx";
import { mount, until, World } from "./world.ts";

describeHooks(19);
describeHistory(19);

describe("a component that React hides and shows again", () => {
  it("is not subscribed while hidden, and begins anew when it is shown", async () => {
    const world = new World();
    const Listed = (): ReactElement => {
      const { ready, notifications } = useNotifications("news.a");
      return <p>{[ready && "ready", ...notifications.map(({ id }) => id)].join(" ")}</p>;
    };
    const tree = (mode: "visible" | "hidden"): ReactNode => (
      <ChannelProvider create={world.channel}>
        <Activity mode={mode}>
          <Listed />
        </Activity>
      </ChannelProvider>
    );
    const page = mount(tree("visible"));
    await until(() => page.text, "ready");
    await world.hub.publish("news.a", "said", { n: 1 }, { id: "one" });
    await until(() => page.text, "ready one");
    page.render(tree("hidden"));
    await until(() => world.commands("unsubscribe"), ["news.a"]);
    await world.hub.publish("news.a", "said", { n: 2 }, { id: "missed" });
    page.render(tree("visible"));
    await until(() => page.text, "ready");
    await world.hub.publish("news.a", "said", { n: 3 }, { id: "three" });
    await until(() => page.text, "ready three");
    expect([world.channels, world.connections]).toEqual([1, 1]);
  });
});
