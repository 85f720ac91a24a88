/** The bare library beside Bellwire's Socket.IO wire: `io.emit` to everyone. */
import { Server } from "socket.io";
import { io as connectTo } from "socket.io-client";
import {
  type ClientOrder,
  type Contender,
  FAN_OUT_EVENT,
  FAN_OUT_TOPIC,
  type ServerHalf,
} from "../contender.ts";
import { type Listening, listen } from "../wire/listen.ts";
import { clientFrame, upgradeRequest } from "../wire/ws-frames.ts";

/** The upgrade of a connection that begins as a WebSocket. */
export const UPGRADE = "/socket.io/?EIO=4&transport=websocket";

/** Starts a Socket.IO server. */
export function listenSocketIo(prepare: (io: Server) => void): Promise<Listening> {
  return listen((server) => {
    // Load clients do not answer pings; they are gone long before the first.
    prepare(new Server(server, { serveClient: false, pingInterval: 600_000 }));
  });
}

async function serve(): Promise<ServerHalf> {
  let io = new Server();
  const { port, bytesWritten } = await listenSocketIo((own) => {
    io = own;
  });
  return {
    port,
    bytesWritten,
    failures: () => 0,
    publish(notices) {
      for (const { event, data } of notices) io.emit(event, data);
    },
  };
}

function connect({ port, received, troubled }: ClientOrder): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connectTo(`http://127.0.0.1:${port}`, { transports: ["websocket"], reconnection: false });
    socket.on("connect", resolve);
    socket.on(FAN_OUT_EVENT, (data) => received(FAN_OUT_TOPIC, data));
    socket.on("connect_error", reject);
    socket.on("disconnect", () => troubled("the connection was lost"));
  });
}

export const contender: Contender = {
  name: "raw Socket.IO, io.emit",
  kind: "bare",
  scenarios: ["fan-out"],
  serve,
  connect,
  load: {
    request: upgradeRequest(UPGRADE),
    steps: [
      { until: `"maxPayload"`, act: (connection) => connection.write(clientFrame("40")) },
      { until: `40{"sid"` },
    ],
  },
};
