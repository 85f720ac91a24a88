/** The Socket.IO transport's rigs, for the conformance kit and the benchmark. */
import { httpRig, type Rig } from "@bellwire/core/conformance";
import { type SocketIoTransportOptions, socketIoTransport } from "./client.ts";
import { attachSocketIo } from "./server.ts";

/** Starts Socket.IO servers on port 0 of 127.0.0.1; links are WebSockets. */
export const socketIoRig: Rig = rigOf("socketio", ["websocket"]);

/** The same servers, with links by long polling. */
export const socketIoPollingRig: Rig = rigOf("socketio by polling", ["polling"]);

/** The same servers, with links that begin by long polling and are upgraded to WebSockets. */
export const socketIoUpgradeRig: Rig = rigOf("socketio by upgrade", ["polling", "websocket"]);

function rigOf(name: string, transports: NonNullable<SocketIoTransportOptions["transports"]>): Rig {
  return httpRig(name, attachSocketIo, (port) =>
    socketIoTransport({ url: `http://127.0.0.1:${port}`, transports }),
  );
}
