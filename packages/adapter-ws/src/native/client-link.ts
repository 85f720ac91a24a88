/** The client's end of a link. */
import { ERRORS, type ErrorFact } from "@bellwire/core";
import {
  type ClientMessage,
  closeCause,
  decodeServerMessage,
  encodeClientMessage,
  type Link,
  type LinkObserver,
  type ServerMessage,
} from "@bellwire/core/adapter";

/** Makes a link of a new WebSocket. It never throws: a failure is a close. */
export function clientLink(
  Class: typeof WebSocket,
  url: string,
  observer: LinkObserver<ServerMessage>,
): Link<ClientMessage> {
  let socket: WebSocket;
  try {
    socket = new Class(url);
  } catch {
    // A page that was loaded by https may not open `ws:`.
    queueMicrotask(() => observer.close({ code: "link_lost" }));
    return { buffered: 0, send() {}, close() {} };
  }
  socket.onopen = () => observer.open();
  socket.onmessage = ({ data }: MessageEvent<unknown>) => {
    // The protocol has no binary messages; the empty text is none of its messages either.
    const decoded = decodeServerMessage(typeof data === "string" ? data : "");
    if (decoded.ok) observer.message(decoded.message);
    else observer.malformed(decoded.reason);
  };
  // Browsers give a page no reason; the hub gives it to its `onError`.
  socket.onclose = ({ code, reason }) =>
    observer.close({ reason: reason || "see the server's log", ...closeCause(code, reason) });
  // A close always follows, and it says more than the error.
  socket.onerror = () => {};
  return {
    get buffered() {
      return socket.bufferedAmount;
    },
    send(batch) {
      for (const message of batch) socket.send(encodeClientMessage(message));
    },
    close({ code }) {
      // A page may close only with 1000 and with numbers from 3000 on; at 4000 the reason names the
      // code.
      const { close = 4000 }: ErrorFact = ERRORS[code];
      socket.close(close > 1000 && close < 3000 ? 4000 : close, code);
    },
  };
}
