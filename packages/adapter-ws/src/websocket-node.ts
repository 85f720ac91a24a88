import { WebSocket as NodeWebSocket } from "ws";

/** The platform's own class where there is one (Node 22, Bun, Deno); Node 20 has none and uses `ws`. */
export const WebSocketClass: typeof WebSocket =
  globalThis.WebSocket ?? (NodeWebSocket as unknown as typeof WebSocket);
