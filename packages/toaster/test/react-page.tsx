/**
 * A page in React that connects its toaster to a topic of a hub; the hub's port is in the page's
 * URL.
 */
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { createChannel } from "@bellwire/core/client";
import { Toaster, useToaster } from "@bellwire/toaster/react";
import { type ReactElement, StrictMode, useEffect, useState, version } from "react";
import { createRoot } from "react-dom/client";
import { topics } from "./topics.ts";

const port = new URLSearchParams(location.search).get("port");
const channel = createChannel({
  topics,
  transport: webSocketTransport({ url: `ws://127.0.0.1:${port}/bellwire` }),
});

function Coach(): ReactElement {
  const toaster = useToaster();
  useEffect(() => {
    // Before the toaster below has had its own effects.
    toaster.show({ id: "hello", title: `React ${version.split(".")[0]}` });
    const workouts = channel.subscribe("workouts.42");
    const stop = toaster.connect(
      workouts,
      ({ event, data }) => (event === "completed" ? { title: `${data.calories} kcal` } : null),
      ({ reason }) => ({ title: `Some are missing: ${reason}`, tone: "warning" }),
    );
    workouts.ready().then(
      () => document.body.setAttribute("data-ready", ""),
      () => {}, // closed by StrictMode
    );
    return () => {
      stop();
      workouts.close();
    };
  }, [toaster]);
  return <h1>Coach</h1>;
}

function App(): ReactElement {
  const [unread, setUnread] = useState(0);
  return (
    <main>
      <Coach />
      <Toaster
        className="bell"
        limit={3}
        timeout={0}
        labels={{ notifications: "Meldungen" }}
        onChange={(toaster) => setUnread(toaster.unread)}
      />
      <output>{unread}</output>
    </main>
  );
}

const container = document.createElement("div");
document.body.append(container);
const root = createRoot(container);
root.render(
  <StrictMode>
    <App />
  </StrictMode>,
);
Object.assign(window, { unmount: () => root.unmount() });
