/**
 * The hub's end of a stock client's link, which sends the hello in the client's place. The client
 * is connected only when the hub has agreed, so that a refusal is a `connect_error` and no command
 * comes too early.
 */
import { type CloseCause, ERRORS } from "@bellwire/core";
import { PROTOCOL_VERSION, type ServerMessage } from "@bellwire/core/adapter";
import type { Handshake, LinkAcceptor } from "@bellwire/core/server";
import type { Socket } from "socket.io";
import type { Connection } from "../connection/connection.ts";
import { eventPacket } from "../connection/encoding.ts";
import { type Packet, packetOf } from "../connection/packet.ts";
import { SocketLink } from "../connection/socket-link.ts";
import { stockCommand } from "./commands.ts";
import { type StockAnswer, stockAnswer, stockEvent, stockFailure, stockPage } from "./events.ts";

/** Called once: without a cause to connect the client, with a cause to refuse it. */
export type Verdict = (refused?: CloseCause) => void;

type Acknowledge = (answer: StockAnswer) => void;

/** A command that the hub has not answered yet. */
interface Asked {
  readonly event: unknown;
  readonly topic: unknown;
  readonly acknowledge: Acknowledge | undefined;
}

interface Encoded {
  readonly epoch: string | undefined;
  readonly packet: Packet | undefined;
}

/** Encoded messages, shared by all clients that receive them. */
export type StockPackets = WeakMap<ServerMessage, Encoded>;

export class StockLink extends SocketLink {
  readonly #packets: StockPackets;
  readonly #alone: boolean;
  readonly #asked: Map<number, Asked> = new Map();
  readonly #epochs: Map<string, string> = new Map();
  #verdict: Verdict | undefined;
  #ref = 0;
  /** Errors that were sent in an acknowledgement already and that the hub is about to repeat. */
  #told = 0;

  constructor(socket: Socket, connection: Connection, limit: number, packets: StockPackets, alone: boolean) {
    super(socket, connection, limit, alone);
    this.#packets = packets;
    this.#alone = alone;
  }

  /** Presents the link to the hub and says hello. */
  open(hub: LinkAcceptor, handshake: Handshake, verdict: Verdict): void {
    this.#verdict = verdict;
    const { id: session, handshake: brought } = this.socket;
    // The library makes the id and sends it to this client only, so `exclude` may rely on it.
    this.attach(hub.accept(this, { ...handshake, answers: false, session }));
    const { token } = brought.auth as { readonly token?: unknown };
    const refused = this.take({ type: "hello", protocol: PROTOCOL_VERSION, session, token });
    if (refused !== undefined) this.close({ code: "malformed", reason: refused });
  }

  send(batch: readonly ServerMessage[]): void {
    try {
      for (const message of batch) if (!this.closed) this.#send(message);
    } catch {
      this.close({ code: "internal", reason: "a message could not be encoded" });
    }
  }

  protected received(event: unknown, given: readonly unknown[]): void {
    const last = given.at(-1);
    const acknowledge = typeof last === "function" ? (last as Acknowledge) : undefined;
    const args = acknowledge ? given.slice(0, -1) : given;
    this.#ref += 1;
    const ref = this.#ref;
    this.#asked.set(ref, { event, topic: args[0], acknowledge });
    const refused = this.take(stockCommand(event, args, ref, () => crypto.randomUUID()));
    if (refused === undefined) return;
    this.#asked.delete(ref);
    if (!acknowledge || this.closed) return;
    this.#told += 1;
    this.#answer(acknowledge, { ok: false, code: "malformed", message: refused });
  }

  protected farewell(cause: CloseCause): void {
    if (this.#verdict) {
      this.#decide(cause);
      return this.ended(cause);
    }
    this.#fail(cause);
    // A stock client reconnects after a lost connection, and does not after a disconnect packet.
    if (this.#alone && ERRORS[cause.code].retryable) return this.connection.close();
    this.socket.disconnect();
    if (this.#alone) this.connection.close();
  }

  #decide(refused?: CloseCause): void {
    const verdict = this.#verdict;
    this.#verdict = undefined;
    verdict?.(refused);
  }

  #send(message: ServerMessage): void {
    if (message.type === "welcome") return this.#decide();
    if (message.type === "subscribed" || message.type === "gap")
      this.#epochs.set(message.topic, message.position.epoch);
    const ref = "ref" in message ? message.ref : undefined;
    if (ref !== undefined) return this.#settle(ref, message);
    const topic = "topic" in message ? message.topic : undefined;
    if (message.type === "error") {
      if (topic !== undefined) this.#epochs.delete(topic);
      else if (this.#told > 0 && message.code === "malformed") {
        this.#told -= 1;
        return;
      }
    }
    const packet = this.#encoded(message, topic === undefined ? undefined : this.#epochs.get(topic));
    if (packet) this.connection.send(packet);
  }

  #settle(ref: number, message: ServerMessage): void {
    const asked = this.#asked.get(ref);
    const isPage = asked?.event === "history" && message.type === "acknowledged";
    const answer = isPage ? stockPage(message) : stockAnswer(message);
    this.#asked.delete(ref);
    if (!asked || !answer) return;
    if (asked.acknowledge) this.#answer(asked.acknowledge, answer);
    else if (message.type === "error") this.#fail({ ...message, reason: message.message });
    if (message.type === "subscribed") this.#supersede(ref, message.topic, answer);
    if (asked.event !== "unsubscribe") return;
    this.#epochs.delete(String(asked.topic));
    this.#supersede(ref, asked.topic, { ok: false, code: "closed", message: "unsubscribed" });
  }

  /**
   * Acknowledges earlier subscriptions: of several pending to a topic, the hub answers only the
   * last.
   */
  #supersede(ref: number, topic: unknown, answer: StockAnswer): void {
    for (const [earlier, asked] of this.#asked) {
      if (earlier >= ref || asked.event !== "subscribe" || asked.topic !== topic) continue;
      this.#asked.delete(earlier);
      if (asked.acknowledge) this.#answer(asked.acknowledge, answer);
    }
  }

  #answer(acknowledge: Acknowledge, answer: StockAnswer): void {
    this.connection.expect(JSON.stringify(answer).length);
    acknowledge(answer);
  }

  #fail(cause: CloseCause): void {
    const args = [JSON.stringify(stockFailure(cause))];
    this.connection.send(packetOf(eventPacket(this.socket.nsp.name, "bellwire:error", args)));
  }

  #encoded(message: ServerMessage, epoch: string | undefined): Packet | undefined {
    const found = this.#packets.get(message);
    if (found && found.epoch === epoch) return found.packet;
    const event = stockEvent(message, epoch);
    const packet = event && packetOf(eventPacket(this.socket.nsp.name, event.name, event.args));
    this.#packets.set(message, { epoch, packet });
    return packet;
  }
}
