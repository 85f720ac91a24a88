/**
 * Honest clients beside the attack, one for each transport and endpoint: each has to receive the
 * numbered stream whole and keep its link.
 */
import { pusherTransport } from "@bellwire/adapter-pusher/client";
import { socketIoTransport } from "@bellwire/adapter-socketio/client";
import { sseTransport } from "@bellwire/adapter-sse/client";
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import type { Transport } from "@bellwire/core";
import { createChannel, type NotificationChannel } from "@bellwire/core/client";
import type { Target } from "./target.ts";
import {
  APP,
  ENDPOINTS,
  type FuzzTopics,
  NEIGHBOUR_TOKEN,
  NEIGHBOURS,
  topics,
  WIRES,
  type Wire,
} from "./world.ts";

/** Milliseconds within which all neighbours have to be subscribed. */
const READY = 30_000;

const transports: Readonly<Record<Wire, (port: number) => Transport>> = {
  ws: (port) => webSocketTransport({ url: `ws://127.0.0.1:${port}/bellwire` }),
  sse: (port) => sseTransport({ url: `http://127.0.0.1:${port}/bellwire/sse` }),
  socketio: (port) => socketIoTransport({ url: `http://127.0.0.1:${port}`, transports: ["websocket"] }),
  pusher: (port) => pusherTransport({ key: APP.key, url: `ws://127.0.0.1:${port}` }),
};

class Neighbour {
  readonly name: string;
  /** Failures, in the order in which they came. */
  readonly complaints: string[] = [];
  /** The last number heard. */
  heard = 0;
  readonly #channel: NotificationChannel<FuzzTopics>;
  readonly #ready: Promise<unknown>;

  constructor(name: string, transport: Transport) {
    this.name = name;
    this.#channel = createChannel({ topics, transport, token: () => NEIGHBOUR_TOKEN });
    const stream = this.#channel.subscribe(NEIGHBOURS);
    stream.on("tick", ({ data: { n } }) => {
      if (n !== this.heard + 1) this.#complain(`heard ${n} after ${this.heard}`);
      this.heard = n;
    });
    stream.onGap(({ reason }) => this.#complain(`a gap: ${reason}`));
    stream.onEnd((error) => this.#complain(`the subscription ended: ${error.code}`));
    this.#channel.onError((error) => this.#complain(`an error: ${String(error)}`));
    this.#ready = stream.ready().then(() => {
      this.#channel.onState((state) => this.#complain(`the channel was ${JSON.stringify(state)}`));
    });
  }

  ready(): Promise<unknown> {
    return this.#ready;
  }

  close(): void {
    this.complaints.length = 0;
    this.#channel.close();
  }

  #complain(text: string): void {
    this.complaints.push(`neighbour ${this.name}: ${text}`);
  }
}

/** All neighbours of one process. */
export class Neighbours {
  readonly #all: readonly Neighbour[];

  constructor(target: Target) {
    this.#all = ENDPOINTS.flatMap((endpoints) =>
      WIRES.map((wire) => new Neighbour(`${wire} (${endpoints})`, transports[wire](target.ports[endpoints]))),
    );
  }

  /** How many there are; each has one link. */
  get size(): number {
    return this.#all.length;
  }

  /** Resolves when each is subscribed; rejects when it takes too long, or cannot be. */
  async ready(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`the neighbours are not subscribed: ${this.complaints().join("; ")}`));
      }, READY);
    });
    await Promise.race([late, Promise.all(this.#all.map((neighbour) => neighbour.ready()))]);
    clearTimeout(timer);
  }

  /** Whether each has heard the stream to this number. */
  heard(n: number): boolean {
    return this.#all.every(({ heard }) => heard >= n);
  }

  /** The failures so far, each reported once. */
  complaints(): string[] {
    return this.#all.flatMap(({ complaints }) => complaints.splice(0));
  }

  /** Where each stands that has not heard the stream to this number. */
  behind(n: number): string[] {
    return this.#all
      .filter(({ heard }) => heard < n)
      .map(({ name, heard }) => `neighbour ${name}: heard ${heard} of ${n}`);
  }

  close(): void {
    for (const neighbour of this.#all) neighbour.close();
  }
}
