/**
 * Messages between the hubs that share a backplane. They travel as volatile entries of topics that
 * no client can name: one for all hubs, and one for each.
 */
import type { Clock } from "../clock.ts";
import { BellwireError } from "../errors.ts";
import { randomId } from "../random-id.ts";
import { hubIn, isGenuine, makeAddress } from "./addresses.ts";
import type { Backplane } from "./backplane.ts";
import { noAnswer, type Outage } from "./outage.ts";
import { OwnEcho } from "./own-echo.ts";
import { EVERYONE, readPeerMessage, topicOf } from "./peer-message.ts";
import { PeersView } from "./peers-view.ts";

const EVENT = "__hub";
/** Beats after which a beat without an answer of the engine no longer keeps the next ones back. */
const STUCK = 10;
/** Milliseconds for which an engine that is slow is not taken for one that is gone. */
const SLOW = 1_000;
/** Beats whose time has passed without one, so that this process did not run. */
const STILL = 3;
/** Milliseconds that the engine has to take the goodbye. */
const GOODBYE = 500;

export interface PeersOptions {
  /** Undefined for a hub whose backplane nobody else can use: it says nothing. */
  readonly backplane: Backplane | undefined;
  readonly clock: Clock;
  /** Milliseconds between two beats. */
  readonly beat: number;
  readonly outage: Outage;
  readonly report: (error: unknown) => void;
}

type Hear = (hub: string, body: unknown) => void;

export class Peers {
  /** The random id of this hub object: 12 digits and letters. */
  readonly id: string = randomId(12);
  /** Resolves when the hubs that were there before had time to answer this one. */
  readonly settled: Promise<void>;
  readonly #options: PeersOptions;
  /** Proves this hub's addresses to the others, who learn it from the beats, and to nobody else. */
  readonly #key: string = randomId(22);
  /** The others' keys. */
  readonly #keys: Map<string, string> = new Map();
  readonly #view: PeersView = new PeersView();
  readonly #echo: OwnEcho;
  readonly #hearing: Map<string, Hear> = new Map();
  readonly #beating: Set<() => void> = new Set();
  readonly #missed: Set<(back: boolean) => void> = new Set();
  readonly #leaving: Set<(hub: string) => void> = new Set();
  readonly #forgetting: Set<(hub: string) => void> = new Set();
  /** Ends what this object holds: subscriptions, and timers that have not fired. */
  readonly #stops: Set<() => void> = new Set();
  #settle: () => void = () => {};
  #cancelBeat: (() => void) | undefined;
  #beatAt = 0;
  /** The time of a beat that the engine has not answered. */
  #sentAt: number | undefined;
  #closed = false;

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#echo = new OwnEcho(options.clock.now(), STILL * options.beat);
    this.hear("beat", (hub, body) => void this.#keys.set(hub, (body as { readonly key: string }).key));
    this.hear("bye", (hub, body) => this.#bye(hub, body as { readonly grace: number }));
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
    if (options.backplane) void this.#start(options.backplane);
    else this.#settle();
  }

  /** Whether no other hub can be reached through the backplane. */
  get alone(): boolean {
    return this.#options.backplane === undefined;
  }

  /** Whether any other hub is alive. */
  get any(): boolean {
    return this.#view.size > 0;
  }

  /** The time since when words may be missing: until this moment, or until one shortly before. */
  get missedSince(): number {
    return this.#echo.missedSince(this.#options.clock.now());
  }

  /** Whether another hub is alive, as far as this one can tell. */
  knows(hub: string): boolean {
    return this.#view.knows(hub);
  }

  /** A fresh address on this hub. */
  address(): string {
    return makeAddress(this.id, this.#key);
  }

  /** The other hub that has made an address, while it is alive; undefined for anything else. */
  ownerOf(address: string): string | undefined {
    const hub = hubIn(address);
    const key = hub === undefined ? undefined : this.#keys.get(hub);
    return hub !== undefined && key !== undefined && this.knows(hub) && isGenuine(address, key)
      ? hub
      : undefined;
  }

  /** Receives the other hubs' messages of one kind. */
  hear(kind: string, hear: Hear): void {
    this.#hearing.set(kind, hear);
  }

  /** Called about every 2 s while the engine answers. */
  onBeat(callback: () => void): void {
    this.#beating.add(callback);
  }

  /**
   * Called when words may have been missed: a hub has become known, or, with `back`, the engine
   * answers again after an outage.
   */
  onMissed(callback: (back: boolean) => void): void {
    this.#missed.add(callback);
  }

  /** Called when a hub is about to close: its links end, and its members return elsewhere. */
  onLeaving(callback: (hub: string) => void): void {
    this.#leaving.add(callback);
  }

  /** Called when a hub is given up with all that it had reported. */
  onForgotten(callback: (hub: string) => void): void {
    this.#forgetting.add(callback);
  }

  /**
   * Tells the other hubs, or one of them. Resolves when the engine has taken the message; rejects
   * with its error, and with `closed`.
   */
  async tell(kind: string, body: unknown, hub?: string): Promise<void> {
    const { backplane, clock } = this.#options;
    if (!backplane) return;
    if (this.#closed) throw new BellwireError("closed", "the hub is closed");
    const json = JSON.stringify({ hub: this.id, kind, body });
    const topic = hub === undefined ? EVERYONE : topicOf(hub);
    await backplane.spread(topic, { event: EVENT, json, time: clock.wall() });
  }

  /** Calls back once after `ms`, unless this hub has closed by then. */
  after(ms: number, callback: () => void): void {
    const cancel = this.#options.clock.after(ms, () => {
      this.#stops.delete(cancel);
      callback();
    });
    this.#stops.add(cancel);
  }

  /** Tells without waiting; a failure counts as an outage. */
  say(kind: string, body: unknown, hub?: string): void {
    this.tell(kind, body, hub).catch((error: unknown) => this.#failed(error));
  }

  /**
   * A hub has said something, here or on a topic. Returns false when its words no longer count.
   */
  heard(hub: string): boolean {
    if (hub === this.id || this.#closed) return false;
    const heard = this.#view.heard(hub);
    if (heard === "new") {
      // It does not know this hub either, or has given it up.
      this.say("beat", { key: this.#key }, hub);
      for (const callback of this.#missed) callback(false);
    }
    return heard !== "late";
  }

  /**
   * Says goodbye. The others keep this hub's members for `grace` milliseconds. Resolves when the
   * engine has taken it, so that the process may end, or when it does not within half a second.
   */
  async close(grace: number): Promise<void> {
    if (this.#closed) return;
    // Nothing repeats it later.
    const told = [1, 2, 3].map(() => this.tell("bye", { grace }));
    this.#closed = true;
    this.#settle();
    this.#cancelBeat?.();
    for (const stop of this.#stops) stop();
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => {
      if (this.any) cancel = this.#options.clock.after(GOODBYE, resolve);
      else resolve();
    });
    await Promise.race([Promise.allSettled(told), late]);
    cancel();
  }

  async #start(backplane: Backplane): Promise<void> {
    const { beat, clock } = this.#options;
    // The rest of this tick comes first: the application may close the hub again.
    await Promise.resolve();
    if (this.#closed) return;
    this.#beatAt = clock.now();
    this.#cancelBeat = clock.after(beat, this.#beat);
    this.after(beat, this.#settle);
    for (const topic of [topicOf(this.id), EVERYONE]) await this.#listen(backplane, topic);
    if (this.#closed) return;
    this.#sendBeat();
    this.after(beat / 4, this.#settle);
  }

  /** Listens to a topic, however long the engine takes to be there. */
  async #listen(backplane: Backplane, topic: string): Promise<void> {
    const { beat } = this.#options;
    while (!this.#closed) {
      try {
        const stop = await backplane.listen(topic, (_, { json }) => this.#receive(json));
        if (this.#closed) stop();
        else this.#stops.add(stop);
        return;
      } catch (error) {
        this.#failed(error);
        await new Promise<void>((resolve) => this.after(beat, resolve));
      }
    }
  }

  readonly #beat = (): void => {
    const { beat, clock } = this.#options;
    this.#cancelBeat = clock.after(beat, this.#beat);
    const now = clock.now();
    // A process that stood still may have lost its connection meanwhile.
    const stood = now - this.#beatAt > STILL * beat;
    this.#beatAt = now;
    const { forgotten, returned } = this.#view.beat();
    for (const hub of forgotten) {
      this.#keys.delete(hub);
      for (const callback of this.#forgetting) callback(hub);
    }
    if (returned || stood) for (const callback of this.#missed) callback(true);
    const waited = this.#sentAt === undefined ? 0 : now - this.#sentAt;
    if (waited > Math.max(beat, SLOW)) this.#failed(noAnswer());
    if (waited > 0 && waited < STUCK * beat) return;
    this.#sendBeat();
    for (const callback of this.#beating) callback();
  };

  #sendBeat(): void {
    const { clock, outage } = this.#options;
    const sentAt = clock.now();
    this.#sentAt = sentAt;
    const answered = (): void => {
      if (this.#sentAt === sentAt) this.#sentAt = undefined;
    };
    this.tell("beat", { key: this.#key }).then(
      () => {
        answered();
        if (outage.worked("messages")) for (const callback of this.#missed) callback(true);
      },
      (error: unknown) => {
        answered();
        this.#failed(error);
      },
    );
  }

  #receive(json: string): void {
    const message = readPeerMessage(json);
    if (!message || this.#closed) return;
    const { hub, kind, body } = message;
    if (hub === this.id) return this.#echoed();
    if (!this.heard(hub)) return;
    try {
      this.#hearing.get(kind)?.(hub, body);
    } catch (error) {
      // Another version of this hub may say things in another form.
      this.#options.report(error);
    }
  }

  #echoed(): void {
    this.#echo.heard(this.#options.clock.now());
    this.#view.echoed();
  }

  #bye(hub: string, { grace }: { readonly grace: number }): void {
    this.#view.leaves(hub, Math.ceil(grace / this.#options.beat));
    for (const callback of this.#leaving) callback(hub);
  }

  #failed(error: unknown): void {
    if (!this.#closed) this.#options.outage.failed("messages", error);
  }
}
