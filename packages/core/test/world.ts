/**
 * A hub, channels and hand-made links in one process, on a clock that stands still until a test
 * moves it.
 */

import { type CloseCause, defineTopics, type Transport, type, volatile } from "@bellwire/core";
import { type ClientMessage, type LinkObserver, type ServerMessage } from "@bellwire/core/adapter";
import { type ChannelOptions, createChannel, type NotificationChannel } from "@bellwire/core/client";
import { settle, VirtualClock } from "@bellwire/core/conformance";
import { memoryTransport } from "@bellwire/core/memory";
import { createHub, type Handshake, type Hub, type HubOptions, type Identity } from "@bellwire/core/server";

interface Said {
  readonly n: number;
}

export const topics = defineTopics({
  "news.{name}": { said: type<Said>(), typing: volatile(type<Said>()) },
  "private-room.{id}": { said: type<Said>() },
  "presence-room.{id}": { said: type<Said>() },
  orders: { place: type<Said>(), placed: type<Said>() },
});
export type Topics = typeof topics extends { readonly map: infer M } ? M : never;

/** An identity of these tests: the token is the user, with the token's end behind a slash. */
export interface User extends Identity {
  readonly user: string;
}

/** `alice` or `alice/5000`, which ends at wall clock 5,000. No token and `nobody` are refused. */
export function authenticate({ token }: { readonly token: string | undefined }): User | null {
  const [user, end] = (token ?? "nobody").split("/");
  if (!user || user === "nobody") return null;
  return end === undefined ? { user } : { user, expiresAt: Number(end) };
}

/** One end of a link that the test drives by hand. */
export interface Peer {
  readonly received: ServerMessage[];
  readonly cause: CloseCause | undefined;
  /** Bytes that the transport has not taken yet; a test sets it to play a slow consumer. */
  buffered: number;
  say(message: ClientMessage, bytes?: number): Promise<void>;
  damage(): Promise<void>;
  hangUp(): void;
  of<T extends ServerMessage["type"]>(type: T): Extract<ServerMessage, { type: T }>[];
}

export class World<I extends Identity = Identity> {
  readonly clock: VirtualClock = new VirtualClock();
  readonly hub: Hub<Topics, I>;
  /** The errors that the hub reported to its application. */
  readonly complaints: unknown[] = [];
  readonly #channels: NotificationChannel<Topics>[] = [];

  constructor(options: Partial<HubOptions<Topics, I>> = {}) {
    this.hub = createHub<Topics, I>({
      topics,
      clock: this.clock,
      onError: (error) => this.complaints.push(error),
      ...options,
    });
  }

  transport(): Transport {
    return memoryTransport(this.hub);
  }

  channel(options: Partial<ChannelOptions<Topics>> = {}): NotificationChannel<Topics> {
    const channel = createChannel({
      topics,
      transport: this.transport(),
      clock: this.clock,
      random: () => 0.5,
      ...options,
    });
    this.#channels.push(channel);
    return channel;
  }

  async connected(options: Partial<ChannelOptions<Topics>> = {}): Promise<NotificationChannel<Topics>> {
    const channel = this.channel(options);
    channel.connect();
    await settle();
    return channel;
  }

  peer(handshake: Partial<Handshake> = {}): Peer {
    const received: ServerMessage[] = [];
    let cause: CloseCause | undefined;
    let observer: LinkObserver<ClientMessage>;
    const peer = {
      received,
      buffered: 0,
      get cause() {
        return cause;
      },
      async say(message: ClientMessage, bytes?: number) {
        observer.message(message, bytes);
        await settle();
      },
      async damage() {
        observer.malformed("damaged");
        await settle();
      },
      hangUp() {
        observer.close({ code: "link_lost" });
      },
      of: (type: ServerMessage["type"]) => received.filter((message) => message.type === type) as never,
    };
    const link = {
      get buffered() {
        return peer.buffered;
      },
      send: (batch: readonly ServerMessage[]) => void received.push(...batch),
      close(given: CloseCause) {
        cause ??= given;
      },
    };
    observer = this.hub.accept(link, { transport: "hand", headers: {}, ...handshake });
    observer.open();
    return peer;
  }

  /** A peer that has been welcomed. */
  async welcomed(token?: string, session = "session", handshake: Partial<Handshake> = {}): Promise<Peer> {
    const peer = this.peer(handshake);
    await peer.say({ type: "hello", protocol: 1, session, ...(token !== undefined && { token }) });
    return peer;
  }

  async dispose(): Promise<void> {
    for (const channel of this.#channels) channel.close();
    const closed = this.hub.close({ flush: 0 });
    await this.clock.advance(100);
    await closed;
  }
}

/** A transport over another that a test can cut, and keep from connecting. */
export class Cuttable implements Transport {
  readonly name = "cuttable";
  readonly capabilities;
  /** Hellos, in the order they were sent. */
  readonly sent: ClientMessage[] = [];
  down = false;
  #cut: (cause: CloseCause) => void = () => {};
  readonly #inner: () => Transport;

  constructor(inner: () => Transport) {
    this.#inner = inner;
    this.capabilities = inner().capabilities;
  }

  connect(observer: LinkObserver<ServerMessage>) {
    let over = false;
    const end = (cause: CloseCause): void => {
      if (over) return;
      over = true;
      observer.close(cause);
    };
    if (this.down) {
      queueMicrotask(() => end({ code: "link_lost" }));
      return { buffered: 0, send() {}, close: end };
    }
    const link = this.#inner().connect({
      open: () => over || observer.open(),
      message: (message) => over || observer.message(message),
      malformed: (reason) => over || observer.malformed(reason),
      close: end,
    });
    this.#cut = (cause) => {
      end(cause);
      link.close({ code: "link_lost" });
    };
    return {
      buffered: 0,
      send: (batch: readonly ClientMessage[]) => {
        if (over) return;
        this.sent.push(...batch);
        link.send(batch);
      },
      close: (cause: CloseCause) => link.close(cause),
    };
  }

  cut(cause: CloseCause = { code: "link_lost" }): void {
    this.#cut(cause);
  }
}

/** The code that a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return (error as { code?: string } | undefined)?.code ?? "resolved";
}
