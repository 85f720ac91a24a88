/**
 * Control of the fan-out: the usual loop on the bare `ws` library, the text built once per
 * notification.
 */
import { WebSocket, WebSocketServer } from "ws";
import {
  type ClientHalf,
  type ClientOrder,
  type Contender,
  FAN_OUT_TOPIC,
  type ServerHalf,
} from "../contender.ts";
import { listen } from "../wire/listen.ts";
import { messageText } from "../wire/message-text.ts";
import { upgradeRequest } from "../wire/ws-frames.ts";

async function serve(): Promise<ServerHalf> {
  let clients: ReadonlySet<WebSocket> = new Set();
  const listening = await listen((server) => {
    clients = new WebSocketServer({ server }).clients;
  });
  return {
    ...listening,
    failures: () => 0,
    publish(notices) {
      for (const { data } of notices) {
        const text = JSON.stringify(data);
        for (const client of clients) client.send(text);
      }
    },
  };
}

/** A real `ws` client that takes every message as data of the one topic there is. */
export function connectBare({ port, received, troubled }: ClientOrder): Promise<ClientHalf> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    let closed = false;
    const close = (): void => {
      closed = true;
      socket.terminate();
    };
    const live = (): boolean => socket.readyState === WebSocket.OPEN;
    socket.on("open", () => resolve({ live, close }));
    socket.on("message", (text) => received(FAN_OUT_TOPIC, JSON.parse(messageText(text))));
    socket.on("error", reject);
    socket.on("close", () => closed || troubled("the connection was lost"));
  });
}

export const contender: Contender = {
  name: "raw ws, plain loop",
  kind: "control",
  scenarios: ["fan-out"],
  recovers: false,
  serve,
  connect: connectBare,
  load: { request: upgradeRequest("/"), steps: [{ until: "\r\n\r\n" }] },
};
