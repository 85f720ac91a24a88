/**
 * Requests from hub to hub, each answered once. Messages may get lost, so that a request is sent
 * again under its id until the answer is there; the other hub carries it out once.
 */
import type { Clock } from "../clock.ts";
import { BellwireError } from "../errors.ts";
import { randomId } from "../random-id.ts";
import type { HubPeers, PeerHandler } from "./acceptor.ts";
import { hubIn } from "./addresses.ts";
import type { Peers } from "./peers.ts";

/** Requests without an answer of this hub, and the characters of their payloads together. */
const UNDER_WAY = 256;
const PAYLOADS = 8_388_608;
/** Milliseconds before a request is sent again, each time, and then before it has failed: 2 s. */
const WAITS = [100, 150, 200, 250, 300, 300, 300, 400];
/** Requests whose answer is kept for repetitions, and the milliseconds for which it is. */
const ANSWERED = 2_048;
const KEPT = 4_000;

interface Asking {
  readonly hub: string;
  readonly done: (answer: string | undefined) => void;
}

interface Request {
  readonly id: string;
  readonly kind: string;
  readonly payload: string;
}

interface Answer {
  readonly id: string;
  /** Absent when no handler of the other hub has taken the request. */
  readonly answer?: string | undefined;
}

export class PeerRequests implements HubPeers {
  readonly #peers: Peers;
  readonly #clock: Clock;
  readonly #report: (error: unknown) => void;
  readonly #handlers: Map<string, Set<PeerHandler>> = new Map();
  readonly #asking: Map<string, Asking> = new Map();
  /** The answers to others, and undefined while a request is being carried out. */
  readonly #answered: Map<string, { answer: Answer | undefined; readonly at: number }> = new Map();
  #size = 0;

  constructor(peers: Peers, clock: Clock, report: (error: unknown) => void) {
    this.#peers = peers;
    this.#clock = clock;
    this.#report = report;
    peers.hear("request", (hub, body) => this.#carryOut(hub, body as Request));
    peers.hear("answer", (_, body) => this.#settle(body as Answer));
    const lost = (hub: string): void => {
      for (const [id, asking] of this.#asking) if (asking.hub === hub) this.#settle({ id });
    };
    peers.onLeaving(lost);
    peers.onForgotten(lost);
  }

  address(): string {
    return this.#peers.address();
  }

  async ownerOf(address: string): Promise<string | undefined> {
    const owner = this.#peers.ownerOf(address);
    if (owner !== undefined || hubIn(address) === undefined) return owner;
    await this.#peers.settled;
    return this.#peers.ownerOf(address);
  }

  async request(hub: string, kind: string, payload: string): Promise<string> {
    if (!this.#peers.knows(hub)) throw new BellwireError("link_lost", "that hub is gone");
    if (this.#asking.size >= UNDER_WAY || this.#size + payload.length > PAYLOADS)
      throw new BellwireError("overloaded", "too many requests to other hubs", { retryAfter: 1_000 });
    const answer = await this.#ask(hub, { id: randomId(12), kind, payload });
    if (answer === undefined) throw new BellwireError("link_lost", "that hub does not answer the request");
    return answer;
  }

  serve(kind: string, handler: PeerHandler): () => void {
    const handlers = this.#handlers.get(kind) ?? new Set();
    this.#handlers.set(kind, handlers);
    handlers.add(handler);
    return () => void handlers.delete(handler);
  }

  #ask(hub: string, request: Request): Promise<string | undefined> {
    const { id, payload } = request;
    return new Promise((resolve) => {
      let cancel = (): void => {};
      let sent = 0;
      const send = (): void => {
        const wait = WAITS[sent];
        if (wait === undefined) return this.#settle({ id });
        sent += 1;
        cancel = this.#clock.after(wait, send);
        this.#peers.say("request", request, hub);
      };
      this.#size += payload.length;
      const done = (answer: string | undefined): void => {
        this.#size -= payload.length;
        cancel();
        resolve(answer);
      };
      this.#asking.set(id, { hub, done });
      send();
    });
  }

  #settle({ id, answer }: Answer): void {
    const asking = this.#asking.get(id);
    if (!asking) return;
    this.#asking.delete(id);
    asking.done(answer);
  }

  #carryOut(hub: string, { id, kind, payload }: Request): void {
    const key = `${hub} ${id}`;
    const known = this.#answered.get(key);
    if (known) {
      if (known.answer) this.#peers.say("answer", known.answer, hub);
      return;
    }
    const kept = { answer: undefined as Answer | undefined, at: this.#clock.now() };
    this.#answered.set(key, kept);
    this.#forgetOld();
    void this.#answer(kind, payload).then((answer) => {
      kept.answer = { id, answer };
      this.#peers.say("answer", kept.answer, hub);
    });
  }

  /** Every request without an answer fails. */
  close(): void {
    for (const id of this.#asking.keys()) this.#settle({ id });
  }

  /** The first answer of the handlers, of which one at most knows what the request is about. */
  async #answer(kind: string, payload: string): Promise<string | undefined> {
    for (const handler of this.#handlers.get(kind) ?? []) {
      try {
        const answer = await handler(payload);
        if (answer !== undefined) return answer;
      } catch (error) {
        this.#report(error);
      }
    }
    return undefined;
  }

  #forgetOld(): void {
    const now = this.#clock.now();
    for (const [key, { at }] of this.#answered) {
      if (this.#answered.size <= ANSWERED && now - at < KEPT) return;
      this.#answered.delete(key);
    }
  }
}
