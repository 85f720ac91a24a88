/**
 * The platform's own class. Bundles for browsers resolve `#websocket` to this file, so that they
 * never contain `ws`.
 */
export const WebSocketClass: typeof WebSocket = globalThis.WebSocket;
