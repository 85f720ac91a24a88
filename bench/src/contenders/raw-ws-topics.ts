/**
 * The control: what a team writes by hand on the bare `ws` library, a map of topics, JSON texts and
 * a client that connects again after a second at most, and none of our code. No positions, no
 * recovery, no validation.
 */
import { type WebSocket as Socket, WebSocket, WebSocketServer } from "ws";
import type { ClientHalf, ClientOrder, Contender, Notice, ServerHalf } from "../contender.ts";
import { FAN_OUT_TOPIC } from "../contender.ts";
import { SCENARIO_NAMES } from "../names.ts";
import { listen } from "../wire/listen.ts";
import { messageText } from "../wire/message-text.ts";
import { clientFrame, upgradeRequest } from "../wire/ws-frames.ts";

/** The messages of a client. */
type Up = { readonly subscribe: readonly string[] } | { readonly publish: Notice; readonly ref: number };
/** The answers of the server; everything else is a {@link Notice}. */
type Down = { readonly subscribed: number } | { readonly done: number } | Notice;

/** Milliseconds before a client connects again, at most. */
const PAUSE = 1_000;
/** Milliseconds that an attempt on this machine may take while others keep it busy. */
const ATTEMPT = 4_000;

async function serve(): Promise<ServerHalf> {
  const topics = new Map<string, Set<Socket>>();
  const publish = (notices: readonly Notice[]): void => {
    for (const notice of notices) {
      const text = JSON.stringify(notice);
      for (const client of topics.get(notice.topic) ?? []) client.send(text);
    }
  };
  const listening = await listen((server) => {
    new WebSocketServer({ server }).on("connection", (socket) => {
      socket.on("message", (text) => {
        const up = JSON.parse(messageText(text)) as Up;
        if ("publish" in up) {
          publish([up.publish]);
          socket.send(JSON.stringify({ done: up.ref } satisfies Down));
          return;
        }
        for (const topic of up.subscribe) {
          const members = topics.get(topic) ?? new Set();
          members.add(socket);
          topics.set(topic, members);
        }
        socket.send(JSON.stringify({ subscribed: up.subscribe.length } satisfies Down));
      });
      socket.on("close", () => {
        for (const members of topics.values()) members.delete(socket);
      });
      socket.on("error", () => {});
    });
  });
  return { ...listening, failures: () => 0, publish };
}

function connect({ port, topics, received, troubled, comesBack }: ClientOrder): Promise<ClientHalf> {
  return new Promise((resolve, reject) => {
    const waiting = new Map<number, { readonly done: () => void; readonly failed: (error: Error) => void }>();
    let socket: WebSocket;
    let ref = 0;
    let closed = false;
    const half: ClientHalf = {
      publish: (notice) =>
        new Promise((done, failed) => {
          ref += 1;
          waiting.set(ref, { done, failed });
          socket.send(JSON.stringify({ publish: notice, ref } satisfies Up));
        }),
      live: () => socket.readyState === WebSocket.OPEN,
      close() {
        closed = true;
        socket.terminate();
      },
    };
    const open = (): void => {
      socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
      socket.on("open", () => socket.send(JSON.stringify({ subscribe: topics } satisfies Up)));
      socket.on("message", (text) => {
        const down = JSON.parse(messageText(text)) as Down;
        if ("subscribed" in down) resolve(half);
        else if ("done" in down) {
          waiting.get(down.done)?.done();
          waiting.delete(down.done);
        } else received(down.topic, down.data);
      });
      socket.on("error", (error) => {
        if (!comesBack) reject(error);
      });
      socket.on("close", () => {
        for (const { failed } of waiting.values()) failed(new Error("the connection was lost"));
        waiting.clear();
        if (closed) return;
        if (comesBack) setTimeout(() => closed || open(), Math.random() * PAUSE);
        else troubled("the connection was lost");
      });
    };
    open();
  });
}

export const contender: Contender = {
  name: "raw ws",
  kind: "control",
  // There the usual loop is the control, and a second one would move what everything is compared
  // with.
  scenarios: SCENARIO_NAMES.filter((name) => name !== "fan-out"),
  recovers: false,
  comesBackWithin: PAUSE + ATTEMPT,
  serve,
  connect,
  load: {
    request: upgradeRequest("/"),
    steps: [
      {
        until: "\r\n\r\n",
        act: (connection) => connection.write(clientFrame(JSON.stringify({ subscribe: [FAN_OUT_TOPIC] }))),
      },
      { until: `{"subscribed"` },
    ],
  },
};
