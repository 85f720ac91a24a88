// app.tsx: the page
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { createChannel } from "@bellwire/core/client";
import {
  ChannelProvider,
  useChannelState,
  useNotifications,
  usePublish,
  useSubscription,
} from "@bellwire/react";
import { Toaster, useToaster } from "@bellwire/toaster/react";
import { type ReactElement, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { topics } from "./topics.ts";

declare module "@bellwire/react" {
  interface Register {
    topics: typeof topics; // every hook knows the contract from here on
  }
}

const create = () =>
  createChannel({ topics, transport: webSocketTransport({ url: `ws://${location.host}/bellwire` }) });

function Door(): ReactElement {
  const toaster = useToaster();
  useSubscription("bells.front", {
    on: { rang: ({ id, data }) => toaster.show({ id, title: `${data.by} rang` }) },
    onGap: () => toaster.show({ title: "Some rings were missed", tone: "warning" }), // never silent
  });
  const { notifications } = useNotifications("bells.front", { events: ["rang"], limit: 5 });
  const { publish, pending, error } = usePublish("bells.front", "ring");
  return (
    <>
      <button type="button" disabled={pending} onClick={() => void publish({ by: "Alice" })}>
        Ring
      </button>
      {error && <p role="alert">Nobody heard that: {error.code}.</p>}
      <ol>
        {notifications.map(({ id, data, time }) => (
          <li key={id}>
            {data.by} at {new Date(time).toLocaleTimeString()}
          </li>
        ))}
      </ol>
    </>
  );
}

function State(): ReactElement {
  return <output>{useChannelState()}</output>;
}

createRoot(document.getElementById("app") as HTMLElement).render(
  <StrictMode>
    <ChannelProvider create={create}>
      <Toaster />
      <State />
      <Door />
    </ChannelProvider>
  </StrictMode>,
);
