/** The page: which hub serves it, what arrives, and what the death of a hub changes. */
import { socketIoTransport } from "@bellwire/adapter-socketio/client";
import { sseTransport } from "@bellwire/adapter-sse/client";
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { createChannel, withHistory } from "@bellwire/core/client";
import { Account } from "./account.ts";
import { type HubName, topics } from "./topics.ts";

const find = (id: string): HTMLElement => {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
};

const WIRES = {
  ws: () => webSocketTransport({ url: `${location.origin.replace(/^http/, "ws")}/bellwire` }),
  sse: () => sseTransport({ url: "/bellwire/sse" }),
  // Long polling would need a balancer that is sticky.
  socketio: () => socketIoTransport({ url: location.origin, transports: ["websocket"] }),
};
const asked = new URLSearchParams(location.search).get("wire") ?? "ws";
const wire = Object.hasOwn(WIRES, asked) ? (asked as keyof typeof WIRES) : "ws";
find(wire).setAttribute("aria-current", "page");

const ROWS = 100;

/** A loss of the link, until the first notification of the next one has come. */
interface Away {
  readonly from: HubName;
  readonly lost: number;
  back: number;
  meanwhile: number;
}

const channel = withHistory(createChannel({ topics, transport: WIRES[wire]() }));
const account = new Account();
let gaps = 0;
let serving: HubName | undefined;
let away: Away | undefined;
/** The hub that the button was pressed for. */
let killed: HubName | undefined;

const orders = channel.subscribe("orders.rome", { history: 10 });
orders.on("placed", ({ data, position, time }) => {
  account.add(position);
  const at = new Date(time).toLocaleTimeString("en", { hour12: false });
  addRow(
    "order",
    `Order ${data.order}`,
    `no. ${position.offset} · ${at} · by hub ${data.by.name}`,
    `€ ${data.euros}`,
  );
  if (away && time >= away.lost && (away.back === 0 || time < away.back)) away.meanwhile += 1;
  settle(time);
  showSum();
});
orders.onGap(({ reason, after }) => {
  gaps += 1;
  addRow("gap", "Gap", `after no. ${after.offset}; the page would load its state again`, reason);
  showSum();
});
channel.onError((error) => console.error(error));
channel.onState((state) => {
  if (state === "connected") ask().catch((error: unknown) => console.error(error));
  else if (serving) {
    away = { from: serving, lost: Date.now(), back: 0, meanwhile: 0 };
    serving = undefined;
    showHub();
  }
});
showHub();
showSum();

find("kill").addEventListener("click", () => {
  killed = serving;
  if (!serving) return;
  // The hub dies instead of answering; the next one answers that it is not meant.
  channel.publish("hubs", "kill", { pid: serving.pid }).catch((error: unknown) => console.error(error));
});

async function ask(): Promise<void> {
  const { data } = await channel.publish("hubs", "which", {});
  serving = data;
  if (away && away.back === 0) away.back = Date.now();
  showHub();
}

/** The first notification that is newer than the link proves what came before it. */
function settle(time: number): void {
  if (!away || !serving || away.back === 0 || time < away.back) return;
  const { from, lost, back, meanwhile } = away;
  away = undefined;
  const { missing } = account.sum;
  const end = killed?.pid === from.pid ? "was killed" : "was lost";
  addRow(
    missing + gaps > 0 ? "gap" : "moved",
    `Hub ${from.name} ${end}; hub ${serving.name} goes on`,
    `away for ${((back - lost) / 1_000).toFixed(1)} s · ${meanwhile} ${meanwhile === 1 ? "order" : "orders"} meanwhile`,
    missing + gaps > 0 ? "incomplete" : "nothing missing",
  );
}

function showHub(): void {
  document.body.dataset.hub = serving?.name ?? "";
  find("hub").textContent = serving ? `Hub ${serving.name}` : "No hub";
  find("process").textContent = serving
    ? `serves this page · process ${serving.pid}`
    : "looking for another…";
  (find("kill") as HTMLButtonElement).disabled = !serving;
}

function showSum(): void {
  const { received, missing, repeated } = account.sum;
  for (const [id, value] of Object.entries({ received, missing, repeated, gaps }))
    find(id).textContent = `${value}`;
}

function addRow(kind: "order" | "gap" | "moved", title: string, detail: string, value: string): void {
  const row = document.createElement("li");
  row.className = kind;
  for (const [name, text] of Object.entries({ title, detail, value })) {
    const part = document.createElement("span");
    part.className = name;
    part.textContent = text;
    row.append(part);
  }
  find("list").prepend(row);
  if (find("list").children.length > ROWS) find("list").lastElementChild?.remove();
}
