/** The client's end of a link: messages of PROTOCOL.md, as arguments of one event. */
import type { CloseCause } from "@bellwire/core";
import {
  type ClientMessage,
  encodeClientMessage,
  type Link,
  type LinkObserver,
  readServerMessage,
  type ServerMessage,
} from "@bellwire/core/adapter";
import { Manager, type Socket } from "socket.io-client";
import { AUTH, eventPacket, MESSAGES, PATH } from "../connection/encoding.ts";
import { expectAnswers } from "./answers.ts";
import { connectCause, disconnectCause, MALFORMED } from "./causes.ts";
import { guardHandshake, guardPackets } from "./guard.ts";

/** The target of a link and the way to reach it. */
export interface Connecting {
  readonly origin: string;
  readonly namespace: string;
  readonly path?: string;
  readonly transports?: readonly ("websocket" | "polling")[];
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  readonly withCredentials?: boolean;
}

export class SocketIoClientLink implements Link<ClientMessage> {
  readonly #options: Connecting;
  readonly #observer: LinkObserver<ServerMessage>;
  #manager: Manager | undefined;
  #socket: Socket | undefined;
  #stopExpecting: () => void = () => {};
  #opened = false;
  #closed = false;

  constructor(options: Connecting, observer: LinkObserver<ServerMessage>) {
    this.#options = options;
    this.#observer = observer;
    void this.#run();
  }

  /** Approximate: the bytes that the platform's WebSocket or request holds are not visible here. */
  get buffered(): number {
    const packets = this.#manager?.engine?.writeBuffer ?? [];
    return packets.reduce((sum, { data }) => sum + (typeof data === "string" ? data.length : 0), 0);
  }

  send(batch: readonly ClientMessage[]): void {
    if (this.#closed || !this.#socket?.connected) return;
    try {
      for (const message of batch) {
        // One packet per message, because the hub limits the size of a message.
        const packet = eventPacket(this.#options.namespace, MESSAGES, [encodeClientMessage(message)]);
        this.#manager?.engine.send(packet, { compress: false });
      }
    } catch {
      this.close({ code: "invalid_data", reason: "not JSON" });
    }
  }

  close(cause: CloseCause): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopExpecting();
    this.#socket?.off();
    // A disconnect packet is sent only for good: the hub keeps a member present that may come back.
    if (cause.code === "normal") this.#socket?.disconnect();
    else this.#manager?.engine?.close();
    queueMicrotask(() => this.#observer.close(cause));
  }

  async #run(): Promise<void> {
    try {
      const headers = this.#options.headers && (await this.#options.headers());
      if (!this.#closed) this.#connect(headers);
    } catch {
      this.close({ code: "link_lost", reason: "no connection" });
    }
  }

  #connect(headers: Readonly<Record<string, string>> | undefined): void {
    const {
      namespace,
      origin,
      path = PATH,
      transports = ["websocket", "polling"],
      withCredentials = false,
    } = this.#options;
    const manager = new Manager(origin, {
      path,
      transports: [...transports],
      tryAllTransports: true,
      // The channel retries.
      reconnection: false,
      autoConnect: false,
      withCredentials,
      ...(headers && { extraHeaders: { ...headers } }),
    });
    // The channel limits the time of an attempt.
    manager.timeout(false);
    const harmful = (): void => this.close(MALFORMED);
    guardPackets(manager, harmful);
    const socket = manager.socket(namespace, { auth: AUTH });
    this.#manager = manager;
    this.#socket = socket;
    socket.once("connect", () => {
      this.#opened = true;
      this.#observer.open();
    });
    socket.on(MESSAGES, (...messages: readonly unknown[]) => {
      for (const message of messages) this.#message(message);
    });
    socket.on("connect_error", (error) => this.close(connectCause(error, namespace)));
    socket.on("disconnect", (reason, details) => this.close(disconnectCause(reason, details)));
    socket.connect();
    guardHandshake(manager, harmful);
    // The library would go on waiting when a connection ends before its first packet.
    manager.engine.on("close", (reason, details) => {
      // The library closes a refused connection this way and reports the reason afterwards.
      if (reason !== "forced close") this.close(disconnectCause(reason, details));
    });
  }

  #expectAnswers(idleTimeout: number): void {
    const dead = (): void => this.close({ code: "timeout", reason: "what was posted was not answered" });
    this.#stopExpecting();
    if (this.#manager) this.#stopExpecting = expectAnswers(this.#manager, idleTimeout, dead);
  }

  #message(value: unknown): void {
    if (this.#closed) return;
    // The library keeps events that precede the connection and delivers them first.
    if (!this.#opened) return this.close(MALFORMED);
    const decoded = readServerMessage(value);
    if (!decoded.ok) return this.#observer.malformed(decoded.reason);
    const { message } = decoded;
    if (message.type === "welcome") this.#expectAnswers(message.idleTimeout);
    if (message.type !== "bye") return this.#observer.message(message);
    this.close({ code: message.code, reason: message.reason, retryAfter: message.retryAfter });
  }
}
