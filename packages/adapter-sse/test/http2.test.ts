/** The endpoint on servers of HTTP/2: many streams and their commands over one connection. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createSecureServer,
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineTopics, type } from "@bellwire/core";
import { type HttpServer } from "@bellwire/core/http";
import type { Hub } from "@bellwire/core/server";
import { describe, expect, it, onTestFinished } from "vitest";
import { attachSse } from "../src/server.ts";
import { recordingHub } from "./recording-hub.ts";
import { linkOf, newHub, until } from "./serving.ts";

const topics = defineTopics({ news: { said: type<{ n: number }>() } });

/** A key and a self-signed certificate, valid for one day. */
function certificate(): { readonly key: Buffer; readonly cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), "bellwire-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  execFileSync("openssl", ["req", "-x509", ...made, "-keyout", key, "-out", cert, ...subject], {
    stdio: "pipe",
  });
  const read = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return read;
}

/** One connection to a server that listens until the test has finished. */
async function connected(server: HttpServer, secure: boolean): Promise<ClientHttp2Session> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const session = connect(`${secure ? "https" : "http"}://127.0.0.1:${port}`, { rejectUnauthorized: false });
  session.on("error", () => {});
  onTestFinished(async () => {
    session.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return session;
}

interface Answer {
  readonly stream: ClientHttp2Stream;
  readonly status: () => unknown;
  readonly headers: () => IncomingHttpHeaders | undefined;
  readonly text: () => string;
  readonly ended: () => boolean;
}

function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders = {}, body?: string | Buffer): Answer {
  const stream = session.request(
    { ":path": "/bellwire/sse", ...headers },
    { endStream: body === undefined && headers[":method"] !== "POST" },
  );
  let text = "";
  let answered: IncomingHttpHeaders | undefined;
  let ended = false;
  stream.on("response", (received) => {
    answered = received;
  });
  stream.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  stream.on("error", () => {});
  stream.on("close", () => {
    ended = true;
  });
  if (body !== undefined) stream.end(body);
  return {
    stream,
    status: () => answered?.[":status"],
    headers: () => answered,
    text: () => text,
    ended: () => ended,
  };
}

const json = { ":method": "POST", "content-type": "application/json" };

function hubOn(server: HttpServer): Hub<typeof topics.map> {
  const hub = newHub({ topics });
  attachSse(hub, server);
  return hub;
}

describe.each([
  ["with TLS", true],
  ["in clear text", false],
] as const)("a server of HTTP/2 %s", (_, secure) => {
  const make = (): HttpServer => (secure ? createSecureServer(certificate()) : createServer());

  it("carries 20 streams and their commands over one connection", async () => {
    const server = make();
    let connections = 0;
    server.on(secure ? "secureConnection" : "connection", () => {
      connections += 1;
    });
    const hub = hubOn(server);
    const session = await connected(server, secure);
    const streams = Array.from({ length: 20 }, () => ask(session));
    await until(() => streams.every(({ text }) => text().includes("\n\n")), "20 links");
    expect(hub.links).toBe(20);
    for (const [index, { text }] of streams.entries()) {
      const link = { ...json, "bellwire-link": linkOf(text()) };
      const hello = JSON.stringify([{ type: "hello", protocol: 1, session: `s${index}` }]);
      const subscribe = JSON.stringify([{ type: "subscribe", ref: 1, topic: "news" }]);
      const first = ask(session, { ...link, "bellwire-number": "1" }, hello);
      await until(() => first.status() === 204 && text().includes("welcome"), "the welcome");
      const second = ask(session, { ...link, "bellwire-number": "2" }, subscribe);
      await until(() => second.status() === 204 && text().includes("subscribed"), "the subscription");
    }
    for (let n = 1; n <= 10; n += 1) await hub.publish("news", "said", { n });
    await until(() => streams.every(({ text }) => text().includes('{"n":10}')), "every notification");
    for (const { text } of streams) {
      expect([...text().matchAll(/"said",\{"n":(\d+)\}/g)].map(([, n]) => Number(n))).toEqual([
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
      ]);
    }
    expect(connections).toBe(1);
    streams[0]?.stream.close();
    await until(() => hub.links === 19, "the end of one link alone");
    session.destroy();
    await until(() => hub.links === 0, "the end of all links with their connection");
  });

  it("refuses a command whose body is unread, and its connection goes on", async () => {
    const hub = recordingHub(100);
    const server = make();
    attachSse(hub, server);
    const session = await connected(server, secure);
    const wrong = ask(session, { ...json, "content-type": "text/plain" });
    wrong.stream.write("x".repeat(10_000));
    await until(() => wrong.status() === 415 && wrong.ended(), "the answer and the end of its stream");
    expect(wrong.text()).toContain('"malformed"');
    const stream = ask(session);
    await until(() => stream.text().includes("\n\n"), "the link");
    const link = { ...json, "bellwire-link": linkOf(stream.text()), "bellwire-number": "1" };
    const large = ask(session, link, Buffer.alloc(1_048_577, 0x20));
    await until(() => large.status() === 413, "the refusal of what is too large");
    const taken = ask(session, link, '[{"type":"pong"}]');
    await until(() => taken.status() === 204, "the command");
  });

  it("says bye and ends a stream that the hub closes, and cuts that of a slow consumer alone", async () => {
    const hub = recordingHub();
    const server = make();
    attachSse(hub, server);
    const session = await connected(server, secure);
    const [told, slow, other] = [ask(session), ask(session), ask(session)] as const;
    await until(() => hub.links.length === 3 && other.text().includes("\n\n"), "three links");
    hub.links[0]?.link.close({ code: "draining" });
    await until(told.ended, "the end");
    expect(told.text()).toContain('{"type":"bye","code":"draining"');
    slow.stream.pause();
    const data = "x".repeat(65_536);
    for (let offset = 1; (hub.links[1]?.link.buffered ?? 0) < 1_048_576; offset += 1) {
      hub.links[1]?.link.send([{ type: "notification", topic: "a", event: "e", data, offset, time: 0 }]);
      await new Promise((resolve) => setTimeout(resolve, 1));
      expect(offset).toBeLessThan(1_000);
    }
    hub.links[1]?.link.close({ code: "slow_consumer" });
    await until(() => hub.links[1]?.cause !== undefined, "the cut");
    hub.links[2]?.link.send([{ type: "ping" }]);
    await until(() => other.text().includes('"ping"'), "the neighbour");
  });

  it("accepts pages of its own origin and refuses those of the other scheme", async () => {
    const server = make();
    attachSse(recordingHub(), server);
    const session = await connected(server, secure);
    const { port } = server.address() as AddressInfo;
    const [own, foreign] = ["https", "http"].map((scheme) =>
      ask(session, { origin: `${scheme}://127.0.0.1:${port}` }),
    );
    await until(() => own?.status() !== undefined && foreign?.status() !== undefined, "both answers");
    expect([own?.status(), foreign?.status()]).toEqual(secure ? [200, 403] : [403, 200]);
  });

  it("leaves other paths to the application, and answers 404 with the paths that are served when there is none", async () => {
    const server = make();
    attachSse(recordingHub(), server);
    const session = await connected(server, secure);
    const lost = ask(session, { ":path": "/elsewhere" });
    await until(() => lost.status() === 404 && lost.ended(), "the refusal");
    expect(lost.text()).toContain("/bellwire/sse");
    server.on("request", (_request: unknown, response: { end: (text: string) => void }) =>
      response.end("theirs"),
    );
    const theirs = ask(session, { ":path": "/page" });
    await until(() => theirs.text() === "theirs", "the application's page");
  });
});
