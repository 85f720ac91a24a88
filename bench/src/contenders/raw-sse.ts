/**
 * The bare way beside Bellwire's SSE wire: `res.write` for every subscriber of a topic, fetch and
 * eventsource-parser on the client, POST for the way up. A client that comes back begins anew:
 * there are no ids, and nothing is kept that could be sent again.
 */

import type { ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { createParser } from "eventsource-parser";
import type { Notice, ServerHalf } from "../contender.ts";
import { type ClientHalf, type ClientOrder, type Contender, FAN_OUT_TOPIC } from "../contender.ts";
import { sleep } from "../measure/clock.ts";
import { listen } from "../wire/listen.ts";

/** Milliseconds before a client connects again, at most. */
const PAUSE = 1_000;
/** Milliseconds that an attempt on this machine may take while others keep it busy. */
const ATTEMPT = 4_000;

async function serve(): Promise<ServerHalf> {
  const topics = new Map<string, Set<ServerResponse>>();
  const publish = (notices: readonly Notice[]): void => {
    for (const { topic, event, data } of notices) {
      const message = `event: ${event}\ndata: ${JSON.stringify({ topic, data })}\n\n`;
      for (const stream of topics.get(topic) ?? []) stream.write(message);
    }
  };
  const subscribe = (stream: ServerResponse, wanted: readonly string[]): void => {
    stream.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    // A comment: the client is told that it is subscribed.
    stream.write(": subscribed\n\n");
    for (const topic of wanted) {
      const members = topics.get(topic) ?? new Set();
      members.add(stream);
      topics.set(topic, members);
    }
    stream.on("close", () => {
      for (const topic of wanted) topics.get(topic)?.delete(stream);
    });
  };
  const listening = await listen((server) => {
    server.on("request", (request, response) => {
      if (request.method === "GET") {
        const { searchParams } = new URL(request.url ?? "", "http://localhost");
        return subscribe(response, searchParams.getAll("topic"));
      }
      text(request).then(
        (notice) => {
          publish([JSON.parse(notice) as Notice]);
          response.writeHead(204).end();
        },
        () => response.destroy(),
      );
    });
  });
  return { ...listening, failures: () => 0, publish };
}

function connect({ port, topics, received, troubled, comesBack }: ClientOrder): Promise<ClientHalf> {
  const url = `http://127.0.0.1:${port}/?${topics.map((topic) => `topic=${encodeURIComponent(topic)}`).join("&")}`;
  const abort = new AbortController();
  let live = false;
  // Requests overtake each other, so who wants order waits for each answer.
  let last: Promise<void> = Promise.resolve();
  const post = async (notice: Notice): Promise<void> => {
    const response = await fetch(url, {
      method: "POST",
      body: JSON.stringify(notice),
      signal: abort.signal,
    });
    if (!response.ok) throw new Error(`POST was answered ${response.status}`);
  };
  const half: ClientHalf = {
    publish(notice) {
      const posted = last.then(() => post(notice));
      last = posted.catch(() => {});
      return posted;
    },
    live: () => live,
    close: () => abort.abort(),
  };
  return new Promise((resolve, reject) => {
    const parser = createParser({
      onComment() {
        live = true;
        resolve(half);
      },
      onEvent(event) {
        const { topic, data } = JSON.parse(event.data) as Notice;
        received(topic, data);
      },
    });
    const stream = async (): Promise<void> => {
      const response = await fetch(url, { signal: abort.signal });
      const decoder = new TextDecoder();
      for await (const piece of response.body ?? []) parser.feed(decoder.decode(piece, { stream: true }));
    };
    const stay = async (): Promise<void> => {
      while (!abort.signal.aborted) {
        await stream().catch((error: unknown) => comesBack || reject(error as Error));
        live = false;
        parser.reset();
        if (!comesBack) return abort.signal.aborted ? undefined : troubled("the connection was lost");
        await sleep(Math.random() * PAUSE);
      }
    };
    void stay();
  });
}

export const contender: Contender = {
  name: "raw SSE",
  kind: "bare",
  recovers: false,
  comesBackWithin: PAUSE + ATTEMPT,
  serve,
  connect,
  load: {
    request: `GET /?topic=${FAN_OUT_TOPIC} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n`,
    steps: [{ until: ": subscribed" }],
  },
};
