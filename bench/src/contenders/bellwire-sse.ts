/** Bellwire over Server-Sent Events, with POST for the way up. */
import { Agent, request } from "node:http";
import { sseTransport } from "@bellwire/adapter-sse/client";
import { attachSse } from "@bellwire/adapter-sse/server";
import { type Contender, FAN_OUT_TOPIC } from "../contender.ts";
import { listen } from "../wire/listen.ts";
import type { JoiningConnection } from "../wire/load-plan.ts";
import { connectChannel, HELLO, subscribeMessage } from "./app-client.ts";
import { serveHub } from "./workout-app.ts";

const PATH = "/bellwire/sse";
const agent = new Agent({ keepAlive: true, maxSockets: 50 });

/** The name of the link, which the first event says. */
function linkIn(received: string): string {
  return /"link":"([^"]+)"/.exec(received)?.[1] ?? "";
}

/** Sends one message up; what the hub has to say to it comes down the stream. */
function post(connection: JoiningConnection, link: string, number: number, message: string): void {
  const { port, fail } = connection;
  const headers = { "content-type": "application/json", "bellwire-link": link, "bellwire-number": number };
  const posting = request(
    { agent, port, host: "127.0.0.1", method: "POST", path: PATH, headers },
    (response) => {
      response.resume();
      if (response.statusCode !== 204) fail(`POST was answered ${response.statusCode}`);
    },
  );
  posting.on("error", (error: NodeJS.ErrnoException) => {
    // On a busy machine a kept connection may have waited for so long that the server closes it
    // just now.
    if (posting.reusedSocket && error.code === "ECONNRESET") post(connection, link, number, message);
    else fail(error.message);
  });
  posting.end(`[${message}]`);
}

export const contender: Contender = {
  name: "Bellwire sse",
  kind: "wire",
  recovers: true,
  serve: (order) => serveHub(order, (hub) => listen((server) => attachSse(hub, server))),
  connect: (order) => connectChannel(sseTransport({ url: `http://127.0.0.1:${order.port}${PATH}` }), order),
  load: {
    request: `GET ${PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n`,
    steps: [
      { until: `"}\n\n`, act: (connection, received) => post(connection, linkIn(received), 1, HELLO) },
      {
        until: `{"type":"welcome"`,
        act: (connection, received) => {
          post(connection, linkIn(received), 2, subscribeMessage(FAN_OUT_TOPIC));
        },
      },
      { until: `{"type":"subscribed"` },
    ],
  },
};
