/**
 * Shared parts of these tests: a hub on real sockets, and peers that send Engine.IO byte by byte.
 */
import { type ClientRequest, createServer, type IncomingMessage, request, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { BellwireError, conflated, defineTopics, type, volatile } from "@bellwire/core";
import { createHub, type Hub, type HubOptions, type Limits } from "@bellwire/core/server";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { attachSocketIo, type SocketIoServerOptions } from "../src/server.ts";

export const topics = defineTopics({
  "news.{name}": {
    said: type<{ n: number; filler?: string }>(),
    typing: volatile(type<string>()),
    connect: type<{ n: number }>(),
    ask: type<number>(),
  },
  "scores.{game}": { now: conflated(type<{ n: number }>()) },
  "private-orders.{user}": { said: type<{ n: number }>() },
  "presence-room.{name}": { said: type<{ n: number }>() },
});
export type Topics = typeof topics.map;

/** The path of both halves. */
export const PATH = "/socket.io";

/** Collects errors that no code caught, and fails the test file at its end when there was one. */
export function collectUncaught(): unknown[] {
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  beforeAll(() => {
    process.on("uncaughtException", note);
    process.on("unhandledRejection", note);
  });
  afterAll(() => {
    process.off("uncaughtException", note);
    process.off("unhandledRejection", note);
    expect(uncaught).toEqual([]);
  });
  return uncaught;
}

/**
 * A hub on which a token is the user's name, `wrong` is refused, and users have orders of their
 * own.
 */
export function hubFor(
  limits: Partial<Limits> = {},
  options: Partial<HubOptions<Topics, { user?: string }>> = {},
) {
  const hub = createHub<Topics, { user?: string }>({
    topics,
    limits,
    authenticate({ token }) {
      if (token === "wrong") throw new BellwireError("unauthorized", "the token is wrong");
      return token === undefined ? {} : { user: token };
    },
    authorize: ({ topic, identity }) =>
      !topic.startsWith("private-") || topic === `private-orders.${identity.user}`,
    ...options,
  });
  onTestFinished(() => hub.close({ flush: 0, spread: 1 }));
  return hub;
}

/** A listening server and its connections. */
export interface Listening {
  readonly server: Server;
  readonly port: number;
  readonly url: string;
  readonly sockets: ReadonlySet<Socket>;
}

/** Listens on port 0 until the test is over. */
export async function listen(server: Server): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  const { port } = server.address() as AddressInfo;
  return { server, port, url: `http://127.0.0.1:${port}`, sockets };
}

/** A hub on a server of its own. */
export async function serve(
  limits: Partial<Limits> = {},
  options: SocketIoServerOptions = {},
  hubOptions: Partial<HubOptions<Topics, { user?: string }>> = {},
): Promise<Listening & { readonly hub: Hub<Topics, { user?: string }>; readonly detach: () => void }> {
  const hub = hubFor(limits, hubOptions);
  const server = createServer((_, response) => response.end("page"));
  const detach = attachSocketIo(hub, server, options);
  return { hub, detach, ...(await listen(server)) };
}

/** Waits until a condition holds, and fails after `ms`. */
export async function until(done: () => boolean, what: string, ms = 5_000): Promise<void> {
  const end = performance.now() + ms;
  while (!done()) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await pause(5);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** An answer to one request. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** One request on a connection of its own, and its whole answer. */
export async function ask(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  { method = "GET", body = "" } = {},
): Promise<Answer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent: ClientRequest = request(
      { port, host: "127.0.0.1", path, method, headers, agent: false },
      resolve,
    );
    sent.on("error", reject);
    sent.end(body);
  });
  let text = "";
  for await (const part of response.setEncoding("utf8")) text += part as string;
  return { status: response.statusCode ?? 0, headers: response.headers, body: text };
}

/** The path of a first request. */
export function handshake(transport: "polling" | "websocket", path = PATH): string {
  return `${path}/?EIO=4&transport=${transport}`;
}

/** Sends a raw upgrade request and answers with the status line and headers. */
export async function askUpgrade(
  port: number,
  headers: Readonly<Record<string, string>> = {},
  path: string = handshake("websocket"),
): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.on("data", (data: Buffer) => {
    text += data.toString("latin1");
  });
  socket.on("error", () => {});
  socket.write(upgradeRequest(path, headers));
  await until(() => text.includes("\r\n\r\n"), "an answer");
  return text;
}

function upgradeRequest(path: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries({
    host: "127.0.0.1",
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** The fields of a message that these tests read. */
export type Message = Readonly<Record<string, unknown>>;

/** A peer on a WebSocket that sends and receives raw packets of Engine.IO. */
export class RawPeer {
  readonly socket: Socket;
  /** The text of every frame. */
  readonly texts: string[] = [];
  /** The close code, once a close frame has come. */
  closeCode: number | undefined;
  closed = false;
  #bytes: Buffer = Buffer.alloc(0);
  #upgraded = false;

  constructor(port: number, path: string = handshake("websocket")) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("data", (data: Buffer) => this.#read(data));
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.closed = true;
    });
    this.socket.write(upgradeRequest(path, {}));
    onTestFinished(() => void this.socket.destroy());
  }

  /** Every message of PROTOCOL.md that was received. */
  get messages(): readonly Message[] {
    const start = '42["bellwire",';
    return this.texts
      .filter((text) => text.startsWith(start))
      .flatMap((text) => (JSON.parse(text.slice(2)) as unknown[]).slice(1) as Message[]);
  }

  /** Connects to the namespace `/` and says hello, as Bellwire's own client. */
  async greet(): Promise<this> {
    await this.has('"sid"');
    this.send('40{"bellwire":1}');
    await this.has("40{");
    this.say({ type: "hello", protocol: 1, session: "raw" });
    await this.has('"welcome"');
    return this;
  }

  /** Connects as a stock client. */
  async join(auth = ""): Promise<this> {
    await this.has('"sid"');
    this.send(`40${auth}`);
    await this.has("40{");
    return this;
  }

  say(message: object): void {
    this.send(`42${JSON.stringify(["bellwire", message])}`);
  }

  send(text: string | Buffer): void {
    const payload = Buffer.from(text);
    const first = typeof text === "string" ? 0x81 : 0x82;
    const length = Buffer.alloc(10);
    let header: Buffer;
    if (payload.length < 126) header = Buffer.from([first, 0x80 | payload.length]);
    else if (payload.length < 65_536)
      header = Buffer.from([first, 0xfe, payload.length >> 8, payload.length & 0xff]);
    else {
      length.set([first, 0xff]);
      length.writeBigUInt64BE(BigInt(payload.length), 2);
      header = length;
    }
    this.socket.write(Buffer.concat([header, Buffer.alloc(4), payload]));
  }

  /** Waits for a frame that contains the text. */
  async has(part: string, count = 1): Promise<void> {
    const found = (): boolean => this.texts.filter((text) => text.includes(part)).length >= count;
    await until(found, `${count} of ${part} among ${this.texts.join("\n").slice(-500)}`);
  }

  #read(data: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, data]);
    if (!this.#upgraded) {
      const end = this.#bytes.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.#upgraded = true;
      this.#bytes = this.#bytes.subarray(end + 4);
    }
    for (;;) {
      const bytes = this.#bytes;
      if (bytes.length < 2) return;
      const short = (bytes[1] ?? 0) & 0x7f;
      const start = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (bytes.length < start) return;
      const long = (): number => (short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2)));
      const length = short < 126 ? short : long();
      if (bytes.length < start + length) return;
      const payload = bytes.subarray(start, start + length);
      this.#bytes = bytes.subarray(start + length);
      const opcode = (bytes[0] ?? 0) & 0x0f;
      if (opcode === 8) {
        this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
        this.socket.write(Buffer.from([0x88, 0x80, 0, 0, 0, 0]));
      } else if (opcode === 1) this.texts.push(payload.toString());
      // This is a ping of Engine.IO.
      if (opcode === 1 && payload.toString() === "2") this.send("3");
    }
  }
}

/** A peer that polls. */
export class PollingPeer {
  readonly port: number;
  sid = "";
  readonly texts: string[] = [];

  constructor(port: number) {
    this.port = port;
  }

  /** Connects to the namespace `/` and says hello, as Bellwire's own client. */
  async greet(): Promise<this> {
    await this.join('{"bellwire":1}');
    await this.say({ type: "hello", protocol: 1, session: "raw" });
    await this.poll();
    return this;
  }

  async join(auth = ""): Promise<this> {
    const { body } = await ask(this.port, handshake("polling"));
    this.sid = (JSON.parse(body.slice(1)) as { sid: string }).sid;
    await this.post(`40${auth}`);
    await this.poll();
    return this;
  }

  say(message: object): Promise<Answer> {
    return this.post(`42${JSON.stringify(["bellwire", message])}`);
  }

  get path(): string {
    return `${handshake("polling")}&sid=${this.sid}`;
  }

  post(body: string): Promise<Answer> {
    const headers = { "content-type": "text/plain;charset=UTF-8" };
    return ask(this.port, this.path, headers, { method: "POST", body });
  }

  async poll(): Promise<Answer> {
    const answer = await ask(this.port, this.path);
    this.texts.push(...answer.body.split("\u001e"));
    return answer;
  }
}
