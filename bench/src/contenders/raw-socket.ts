/**
 * The floor of the fan-out: one prebuilt buffer of finished WebSocket frames per turn of the event
 * loop, written to every socket. Nothing on Node's public API that uses one socket per client can
 * cost less.
 */
import type { Socket } from "node:net";
import type { Contender, ServerHalf } from "../contender.ts";
import { listen } from "../wire/listen.ts";
import { serverFrame, upgradeRequest, upgradeResponse } from "../wire/ws-frames.ts";
import { connectBare } from "./raw-ws-loop.ts";

async function serve(): Promise<ServerHalf> {
  const sockets = new Set<Socket>();
  const listening = await listen((server) => {
    server.on("upgrade", ({ headers }, socket: Socket) => {
      socket.setNoDelay(true);
      socket.write(upgradeResponse(headers["sec-websocket-key"] ?? ""));
      sockets.add(socket);
      // Read and forget what the client sends, or its end would never be seen.
      socket.resume();
      socket.on("error", () => socket.destroy());
      socket.on("close", () => sockets.delete(socket));
    });
  });
  return {
    ...listening,
    failures: () => 0,
    publish(notices) {
      const frames = Buffer.concat(notices.map(({ data }) => serverFrame(JSON.stringify(data))));
      for (const socket of sockets) socket.write(frames);
    },
  };
}

export const contender: Contender = {
  name: "floor: socket.write",
  kind: "floor",
  scenarios: ["fan-out"],
  recovers: false,
  serve,
  connect: connectBare,
  load: { request: upgradeRequest("/"), steps: [{ until: "\r\n\r\n" }] },
};
