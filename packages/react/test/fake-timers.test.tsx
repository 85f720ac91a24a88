// @vitest-environment jsdom
import { createChannel } from "@bellwire/core/client";
import { memoryTransport } from "@bellwire/core/memory";
import { createHub } from "@bellwire/core/server";
import { ChannelProvider, useNotifications } from "@bellwire/react";
import { act, type ReactElement } from "react";
import { createRoot } from "react-dom/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { topics } from "./topics.ts";

function News(): ReactElement {
  const { ready, notifications } = useNotifications("news.sport");
  return <p>{ready ? `${notifications.length} new` : "loading"}</p>;
}

const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("a component shows what came, on fake timers", async () => {
  const hub = createHub({ topics });
  const page = document.createElement("div");
  const root = createRoot(page);
  const create = () => createChannel({ topics, transport: memoryTransport(hub) });
  act(() =>
    root.render(
      <ChannelProvider create={create}>
        <News />
      </ChannelProvider>,
    ),
  );
  await pass(0);
  expect(page.textContent).toBe("0 new");
  await hub.publish("news.sport", "said", { n: 1 });
  await pass(0);
  expect(page.textContent).toBe("1 new");
  act(() => root.unmount());
  await hub.close({ flush: 0 });
});
