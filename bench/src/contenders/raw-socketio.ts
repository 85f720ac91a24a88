/**
 * The bare library beside Bellwire's Socket.IO wire: rooms for topics, `io.emit` to everyone in the
 * fan-out.
 */
import { Server } from "socket.io";
import { io as connectTo } from "socket.io-client";
import {
  type ClientHalf,
  type ClientOrder,
  type Contender,
  FAN_OUT_TOPIC,
  type Notice,
  type ServerHalf,
} from "../contender.ts";
import { type Listening, listen } from "../wire/listen.ts";
import { clientFrame, upgradeRequest } from "../wire/ws-frames.ts";

/** The upgrade of a connection that begins as a WebSocket. */
export const UPGRADE = "/socket.io/?EIO=4&transport=websocket";

/**
 * Milliseconds: the library waits for 5 s at most, half as much more at random, and gives an
 * attempt 20 s.
 */
const COMES_BACK_WITHIN = 27_500;

/** Starts a Socket.IO server. */
export function listenSocketIo(prepare: (io: Server) => void): Promise<Listening> {
  return listen((server) => {
    // Load clients do not answer pings; they are gone long before the first.
    prepare(new Server(server, { serveClient: false, pingInterval: 600_000 }));
  });
}

async function serve(): Promise<ServerHalf> {
  let io: Server | undefined;
  const publish = (notices: readonly Notice[]): void => {
    // To everyone as `io.emit` is used, to a room where there are topics.
    for (const { topic, event, data } of notices) {
      if (topic === FAN_OUT_TOPIC) io?.emit(event, topic, data);
      else io?.to(topic).emit(event, topic, data);
    }
  };
  const listening = await listenSocketIo((own) => {
    io = own;
    own.on("connection", (socket) => {
      socket.on("subscribe", async (topics: string[], done: () => void) => {
        await socket.join(topics);
        done();
      });
      socket.on("publish", (notice: Notice, done: () => void) => {
        publish([notice]);
        done();
      });
    });
  });
  return { ...listening, failures: () => 0, publish };
}

/** How the client's transport is chosen. */
type Carrier = "websocket" | "polling";

function connect(
  carrier: Carrier,
  { port, topics, received, troubled, comesBack }: ClientOrder,
): Promise<ClientHalf> {
  return new Promise((resolve, reject) => {
    const socket = connectTo(`http://127.0.0.1:${port}`, {
      transports: [carrier],
      reconnection: comesBack,
      forceNew: true,
    });
    const half: ClientHalf = {
      async publish(notice) {
        await socket.emitWithAck("publish", notice);
      },
      live: () => socket.connected,
      close: () => void socket.close(),
    };
    // The rooms are the connection's, so they are joined again after every loss.
    socket.on("connect", () => socket.emit("subscribe", topics, () => resolve(half)));
    socket.onAny((_, topic: string, data: unknown) => received(topic, data));
    socket.on("connect_error", (error) => {
      if (!comesBack) reject(error);
    });
    socket.on("disconnect", (reason) => {
      if (!comesBack && reason !== "io client disconnect") troubled("the connection was lost");
    });
  });
}

/** The bare library, by one of its transports. */
export function rawSocketIo(name: string, carrier: Carrier): Contender {
  return {
    name,
    kind: "bare",
    recovers: false,
    comesBackWithin: COMES_BACK_WITHIN,
    serve,
    connect: (order) => connect(carrier, order),
  };
}

export const contender: Contender = {
  ...rawSocketIo("raw Socket.IO", "websocket"),
  load: {
    request: upgradeRequest(UPGRADE),
    steps: [
      { until: `"maxPayload"`, act: (connection) => connection.write(clientFrame("40")) },
      { until: `40{"sid"` },
    ],
  },
};
