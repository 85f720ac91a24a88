/**
 * One TCP connection of an attacker: bytes as they are told, in one piece or in slices, ended in
 * one of three ways.
 */
import { connect, type Socket } from "node:net";
import type { Random } from "@bellwire/core/conformance";
import { APP, type Endpoints, NEIGHBOUR_TOKEN, TOKEN_MARK } from "./world.ts";

/** Milliseconds that bytes may take to leave; a hub that does not read is a legitimate answer. */
const LEAVE = 200;
/** Bytes that may wait to leave before an attacker waits for them. */
const WAITING = 65_536;
/** Characters that are kept of what came, for patterns to look at. */
const KEPT = 16_384;
/** Texts that a hub never sends: secrets, and the places of its code. */
const UNSPEAKABLE = [APP.secret, NEIGHBOUR_TOKEN, TOKEN_MARK, "node_modules", ".ts:", "node:internal"];

/**
 * How a connection ends: with a FIN, with a reset, or half open, unread, for a while, and then
 * destroyed.
 */
export type Ending = "fin" | "reset" | "half-open";

/** The result of an attack, in numbers and words. */
export interface Tally {
  /** Requests, frames and messages that left while the connection was up. */
  inputs: number;
  connections: number;
  /** How deep the connections came, by layer. */
  readonly reached: Record<string, number>;
  /** Forbidden texts that the hub sent. */
  readonly said: string[];
}

export class Peer {
  readonly port: number;
  /** The end of what has come, one character for each byte. */
  received = "";
  /** Whether the hub has ended its side. */
  closed = false;
  /** Whether the hub has said the last word of a WebSocket, and waits for the answer. */
  leaving = false;
  readonly #random: Random;
  readonly #tally: Tally;
  readonly #socket: Socket;
  readonly #slicing: boolean;
  #changed: (() => void) | undefined;

  constructor(port: number, random: Random, tally: Tally) {
    this.port = port;
    this.#random = random;
    this.#tally = tally;
    this.#slicing = random.chance(0.15);
    this.#socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true });
    tally.connections += 1;
    this.#socket.on("data", (data: Buffer) => this.#read(data));
    this.#socket.on("error", () => {});
    for (const event of ["end", "close"] as const) {
      this.#socket.on(event, () => {
        this.closed = true;
        this.#change();
      });
    }
  }

  /**
   * Sends bytes that are so many inputs. Resolves when the system has taken most of them, or does
   * not want to.
   */
  async write(bytes: string | Buffer, inputs = 1): Promise<void> {
    if (!this.#socket.writable) return;
    this.#tally.inputs += inputs;
    const buffer = typeof bytes === "string" ? Buffer.from(bytes, "utf8") : bytes;
    if (this.#slicing) await this.#slice(buffer);
    else this.#socket.write(buffer);
    if (this.#socket.writableLength > WAITING) await this.#left();
  }

  /** Waits until what has come contains something, at most `ms`. */
  async sees(pattern: RegExp, ms = 400): Promise<RegExpExecArray | undefined> {
    const end = performance.now() + ms;
    for (;;) {
      const found = pattern.exec(this.received);
      if (found) return found;
      const left = end - performance.now();
      if (this.closed || left <= 0) return undefined;
      await this.#wait(left);
    }
  }

  /** Forgets what has come so far. */
  forget(): void {
    this.received = "";
  }

  /** Takes note that this connection, or an input of it, came as deep as a layer. */
  reaches(layer: string): void {
    this.#tally.reached[layer] = (this.#tally.reached[layer] ?? 0) + 1;
  }

  /** Lets the hub work off what it has, for up to `ms`. */
  async pause(ms: number): Promise<void> {
    if (!this.closed) await this.#wait(this.#random.next() * ms);
  }

  /** No longer reads: what the hub says piles up on its side. */
  stopReading(): void {
    this.#socket.pause();
  }

  async end(ending: Ending): Promise<void> {
    const socket = this.#socket;
    if (ending === "reset") {
      if (socket.connecting) socket.destroy();
      else socket.resetAndDestroy();
      return;
    }
    if (ending === "fin") socket.end();
    else socket.pause();
    if (!this.closed) await this.#wait(ending === "fin" ? 100 : 300);
    socket.destroy();
  }

  #read(data: Buffer): void {
    const text = data.toString("latin1");
    for (const words of UNSPEAKABLE) {
      if (text.includes(words) && this.#tally.said.length < 10) {
        const at = text.indexOf(words);
        this.#tally.said.push(`${words} in ${JSON.stringify(text.slice(Math.max(0, at - 100), at + 100))}`);
      }
    }
    if (endsWithClose(data)) this.leaving = true;
    this.received = (this.received + text).slice(-KEPT);
    this.#change();
  }

  async #slice(bytes: Buffer): Promise<void> {
    const most = 1 + this.#random.int(this.#random.chance(0.3) ? 8 : 4_096);
    for (let at = 0; at < bytes.length && this.#socket.writable; ) {
      // No more than some slices of a large input, or it would take all day.
      const size = at > 40 * most ? bytes.length - at : 1 + this.#random.int(most);
      this.#socket.write(bytes.subarray(at, at + size));
      at += size;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #left(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#socket.off("drain", done);
        this.#socket.off("close", done);
        resolve();
      };
      const timer = setTimeout(done, LEAVE);
      this.#socket.once("drain", done);
      this.#socket.once("close", done);
    });
  }

  /** Until something has come, or the connection is over, or `ms` have passed. */
  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#changed = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#changed = done;
    });
  }

  #change(): void {
    this.#changed?.();
  }
}

/** Whether the bytes end with a close frame as a server sends it. */
function endsWithClose(data: Buffer): boolean {
  const at = data.lastIndexOf(0x88);
  return at >= 0 && data[at + 1] === data.length - at - 2;
}

/**
 * The means of an attack: the address, its own random numbers, and the connections that it has
 * made.
 */
export class Scene {
  readonly port: number;
  readonly random: Random;
  /** Whether no session may be left behind that only its heartbeat ends. */
  readonly quick: boolean;
  readonly #tally: Tally;
  readonly #peers: Peer[] = [];
  #over = false;

  constructor(ports: Readonly<Record<Endpoints, number>>, random: Random, tally: Tally, quick: boolean) {
    this.port = ports[random.chance(0.25) ? "guarded" : "open"];
    this.random = random;
    this.#tally = tally;
    this.quick = quick;
  }

  /** Makes one more connection. Throws once the attack is over. */
  dial(): Peer {
    if (this.#over) throw new Error("the attack is over");
    const peer = new Peer(this.port, this.random.fork(), this.#tally);
    this.#peers.push(peer);
    return peer;
  }

  /** Ends every connection: half of them with a FIN, others with a reset or half open. */
  async end(): Promise<void> {
    this.#over = true;
    await Promise.all(
      this.#peers.map((peer) => {
        const draw = this.random.int(4);
        return peer.end(draw < 2 ? "fin" : draw === 2 ? "reset" : "half-open");
      }),
    );
  }
}
