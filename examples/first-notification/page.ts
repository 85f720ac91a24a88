/**
 * The README's client in a browser: what arrives, in which state the channel is, and what was
 * missed.
 */
import { sseTransport } from "@bellwire/adapter-sse/client";
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { type ChannelState, createChannel } from "@bellwire/core/client";
import { topics } from "./topics.ts";

const find = (id: string): HTMLElement => {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
};

const WORDS: Readonly<Record<ChannelState, string>> = {
  idle: "idle",
  connecting: "connecting",
  connected: "connected",
  waiting: "connection lost, trying again",
  suspended: "away for long",
  closed: "closed",
  failed: "refused",
};

const wire = new URLSearchParams(location.search).get("wire") === "sse" ? "sse" : "ws";
const transport =
  wire === "sse"
    ? sseTransport({ url: "/bellwire/sse" })
    : webSocketTransport({ url: `${location.origin.replace(/^http/, "ws")}/bellwire` });
find(wire).setAttribute("aria-current", "page");

const channel = createChannel({ topics, transport });
const workouts = channel.subscribe("workouts.42");
let calories = 0;
let count = 0;

workouts.on("completed", ({ data, position, time }) => {
  count += 1;
  calories += data.calories;
  find("count").textContent = `${count}`;
  find("calories").textContent = calories.toLocaleString("en");
  const at = new Date(time).toLocaleTimeString("en", { hour12: false });
  addRow("workout", `Workout ${data.workoutId}`, `no. ${position.offset} · ${at}`, `${data.calories} kcal`);
});
workouts.onGap(({ reason, after }) => {
  addRow("gap", "Gap", `after no. ${after.offset}, some may be missing`, reason);
});
channel.onState(showState);
channel.onError((error) => console.error(error));
showState(channel.state);

find("finish").addEventListener("click", () => {
  // Where the server is away, the page says so already.
  fetch("/workouts", { method: "POST" }).catch(() => {});
});

function showState(state: ChannelState): void {
  const element = find("state");
  element.dataset.state = state;
  element.textContent = WORDS[state];
}

function addRow(kind: "workout" | "gap", title: string, detail: string, value: string): void {
  const row = document.createElement("li");
  row.className = kind;
  for (const [name, text] of Object.entries({ title, detail, value })) {
    const part = document.createElement("span");
    part.className = name;
    part.textContent = text;
    row.append(part);
  }
  find("empty").hidden = true;
  find("list").prepend(row);
}
