/**
 * Presence as stock clients and the HTTP API are told of it: ids as they were signed, and nobody
 * who has disconnected.
 */
import { type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";
import { memoryBackplane } from "@bellwire/core/server";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  app,
  authentication,
  authorization,
  client,
  type Raw,
  raw,
  serve,
  serverLibrary,
  subscribe,
  subscribed,
  until,
  watchUncaught,
} from "./serving.ts";

watchUncaught();

const ROOM = "presence-room.a";

/** Joins as a member, on a bare socket. */
async function join(port: number, member: object): Promise<Raw> {
  const socket = await raw(port);
  socket.say(subscribe(ROOM, authorization(socket.socketId, ROOM, member)));
  await until(() => socket.heard.some(({ event }) => event.endsWith("subscription_succeeded")));
  return socket;
}

/** The data of the events under a name. */
const data = ({ heard }: Raw, name: string): unknown[] =>
  heard.filter(({ event }) => event === name).map((event) => event.data);

describe("a numeric user_id", () => {
  it.each(["on one hub", "through another hub on the same backplane"])(
    "stays numeric in every event that clients receive, %s",
    async (where) => {
      const backplane = memoryBackplane();
      const options = [{ clientEvents: true }, { backplane }] as const;
      const { port } = await serve(...options);
      const other = where === "on one hub" ? port : (await serve(...options)).port;
      const ann = await join(port, { user_id: "8", user_info: { name: "Ann" } });
      const seven = await join(other, { user_id: 7, user_info: { name: "Seven" } });
      await until(() => data(ann, "pusher_internal:member_added").length === 1, "the coming");
      expect(data(ann, "pusher_internal:member_added")).toStrictEqual([
        { user_id: 7, user_info: { name: "Seven" } },
      ]);
      const late = await join(port, { user_id: "zoe" });
      expect(data(late, "pusher_internal:subscription_succeeded")).toStrictEqual([
        {
          presence: {
            count: 3,
            ids: expect.arrayContaining(["8", 7, "zoe"]) as unknown,
            hash: { "7": { name: "Seven" }, "8": { name: "Ann" }, zoe: null },
          },
        },
      ]);
      seven.say({ event: "pusher:unsubscribe", data: { channel: ROOM } });
      ann.say({ event: "pusher:unsubscribe", data: { channel: ROOM } });
      await until(() => data(late, "pusher_internal:member_removed").length === 2, "the leaving");
      expect(new Set(data(late, "pusher_internal:member_removed"))).toEqual(
        new Set([{ user_id: 7 }, { user_id: "8" }]),
      );
    },
  );

  it("stays numeric on client events, and identifies members in pusher-js", async () => {
    const { port } = await serve({ clientEvents: true });
    const seven = await subscribed(client(port, { member: { user_id: 7 } }), ROOM);
    const eight = await subscribed(client(port, { member: { user_id: 8 } }), ROOM);
    const heard: unknown[] = [];
    eight.bind("client-typing", (_: unknown, metadata: unknown) => void heard.push(metadata));
    seven.trigger("client-typing", {});
    await until(() => heard.length === 1);
    expect(heard).toStrictEqual([{ user_id: 7 }]);
    const { members } = eight as unknown as { members: { me: unknown; get(id: number): unknown } };
    expect(members.me).toStrictEqual({ id: 8, info: null });
    expect(members.get(7)).toStrictEqual({ id: 7, info: null });
  });

  it("is a string in the HTTP API, as with the hosted service", async () => {
    const { port } = await serve();
    await join(port, { user_id: 7 });
    const answer = await serverLibrary(port).get({ path: `/channels/${ROOM}/users` });
    expect(await answer.json()).toStrictEqual({ users: [{ id: "7" }] });
  });

  it("is refused when it is so large that two users could become one", async () => {
    const { port } = await serve();
    const socket = await raw(port);
    const channel_data = '{"user_id":12345678901234567890}';
    const { auth } = authorization(socket.socketId, `${ROOM}:${channel_data}`);
    socket.say(subscribe(ROOM, { auth, channel_data }));
    await until(() => socket.errors.length === 1);
    expect(socket.errors).toEqual(["forbidden"]);
  });
});

/** A connection whose every byte the test decides. */
interface Bare {
  readonly socket: Socket;
  readonly socketId: string;
  /** Sends a frame; the opcode is that of a text. */
  frame(payload: Buffer, opcode?: number): void;
}

async function bare(port: number): Promise<Bare> {
  const socket = await new Promise<Socket>((resolve, reject) => {
    const outgoing = request({
      port,
      host: "127.0.0.1",
      path: `/app/${app.key}?protocol=7`,
      agent: false,
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      },
    });
    outgoing.on("error", reject);
    outgoing.on("upgrade", (_: IncomingMessage, upgraded: Socket, head: Buffer) => {
      upgraded.unshift(head);
      resolve(upgraded);
    });
    outgoing.end();
  });
  socket.allowHalfOpen = true;
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.on("data", (bytes: Buffer) => {
    text += bytes.toString("latin1");
  });
  const id = (): string | undefined => /socket_id\\":\\"([\d.]+)/.exec(text)?.[1];
  await until(() => id() !== undefined, "the greeting");
  return {
    socket,
    socketId: id() ?? "",
    frame(payload, opcode = 1) {
      const size = Buffer.alloc(2);
      size.writeUInt16BE(payload.length);
      const length = payload.length < 126 ? [payload.length | 0x80] : [0xfe, ...size];
      // Masked with zeros, which change nothing.
      socket.write(Buffer.concat([Buffer.from([0x80 | opcode, ...length, 0, 0, 0, 0]), payload]));
    },
  };
}

async function joinBare(port: number, user: string): Promise<Bare> {
  const connection = await bare(port);
  const { socketId } = connection;
  connection.frame(
    Buffer.from(JSON.stringify(subscribe(ROOM, authorization(socketId, ROOM, { user_id: user })))),
  );
  const signin = { event: "pusher:signin", data: authentication(socketId, { id: user }) };
  connection.frame(Buffer.from(JSON.stringify(signin)));
  await until(() => connection.socket.bytesRead > 400, "the roster");
  return connection;
}

describe("the HTTP API", () => {
  const counted = async (port: number): Promise<unknown> => {
    const library = serverLibrary(port);
    const users = await library.get({ path: `/channels/${ROOM}/users` });
    const channels = await library.get({
      path: "/channels",
      params: { filter_by_prefix: "presence-", info: "user_count" },
    });
    return [await users.json(), await channels.json()];
  };
  const nobody = [{ users: [] }, { channels: {} }];
  const ann = [{ users: [{ id: "ann" }] }, { channels: { [ROOM]: { user_count: 1 } } }];

  it("counts no member that has sent a close frame and keeps the TCP connection half-open, nor does the hub", async () => {
    const { hub, port } = await serve();
    const connection = await joinBare(port, "ann");
    expect(await counted(port)).toEqual(ann);
    // The number of a close: 1000.
    connection.frame(Buffer.from([0x03, 0xe8]), 8);
    await until(() => hub.links === 0, "the link to be gone", 1_000);
    expect(await counted(port)).toEqual(nobody);
    expect(hub.members(ROOM)).toEqual([]);
  });

  it("counts no member from the moment the server ends its connections, however the client reacts", async () => {
    const { port } = await serve();
    await joinBare(port, "ann");
    expect(await counted(port)).toEqual(ann);
    await serverLibrary(port).terminateUserConnections("ann");
    expect(await counted(port)).toEqual(nobody);
  });
});
