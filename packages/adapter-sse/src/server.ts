/** The server half of the SSE wire. */
export { attachSse } from "./attach-sse.ts";
export type { SseHandlerOptions, SseServerOptions } from "./options.ts";
export { type SseConnection, sseHandler } from "./sse-handler.ts";
