/** The platform's own class; browser bundles resolve `#websocket` here, so they never contain `ws`. */
export const WebSocketClass: typeof WebSocket = globalThis.WebSocket;
