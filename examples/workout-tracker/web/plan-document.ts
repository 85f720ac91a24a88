/**
 * A shared Yjs document over a topic. Its updates are commands that the server keeps and passes on;
 * who edits where is volatile. After a loss, a restart or a gap the two sides compare state vectors
 * and exchange what is missing, so that nothing depends on history.
 */
import type { NotificationChannel, PresenceSubscription } from "@bellwire/core/client";
import {
  Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  removeAwarenessStates,
} from "y-protocols/awareness";
import * as Y from "yjs";
import type { Topics } from "../contract.ts";

/** Milliseconds in which edits are put together into one update. */
const TOGETHER = 150;

/** Where what came from the server is told apart from what was typed here. */
const REMOTE = Symbol("remote");

export class PlanDocument {
  readonly doc: Y.Doc = new Y.Doc();
  readonly awareness: Awareness = new Awareness(this.doc);
  readonly subscription: PresenceSubscription<Topics, `presence-plan.${string}`>;
  readonly #channel: NotificationChannel<Topics>;
  readonly #topic: `presence-plan.${string}`;
  readonly #stops: (() => void)[] = [];
  #waiting: Uint8Array[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #syncing = false;
  #first!: () => void;
  readonly #synced: Promise<void> = new Promise((resolve) => {
    this.#first = resolve;
  });

  constructor(channel: NotificationChannel<Topics>, planId: string) {
    this.#channel = channel;
    this.#topic = `presence-plan.${planId}`;
    this.subscription = channel.subscribe(this.#topic);
    const sync = (): void => void this.#sync();
    this.#stops.push(
      this.subscription.on("updated", ({ data }) => Y.applyUpdate(this.doc, bytesOf(data.update), REMOTE)),
      this.subscription.on("aware", ({ data }) =>
        applyAwarenessUpdate(this.awareness, bytesOf(data.state), REMOTE),
      ),
      this.subscription.onMembers(() => this.#sayWhere()),
      this.subscription.onGap(sync),
      channel.onState((state) => state === "connected" && sync()),
    );
    this.doc.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin !== REMOTE) this.#later(update);
    });
    this.awareness.on("update", (_: unknown, origin: unknown) => {
      if (origin !== REMOTE) this.#sayWhere();
    });
    this.subscription.ready().then(sync, () => {});
  }

  /** Resolves when the document has been compared with the server's for the first time. */
  synced(): Promise<void> {
    return this.#synced;
  }

  close(): void {
    removeAwarenessStates(this.awareness, [this.doc.clientID], "closed");
    this.#flush();
    for (const stop of this.#stops) stop();
    this.subscription.close();
    this.awareness.destroy();
    this.doc.destroy();
  }

  /**
   * Gets what the server has more, and sends what it has not. Edits that are under way arrive
   * twice, which Yjs does not mind.
   */
  async #sync(): Promise<void> {
    if (this.#syncing || this.#channel.state !== "connected") return;
    this.#syncing = true;
    try {
      const vector = base64Of(Y.encodeStateVector(this.doc));
      const { data: server } = await this.#channel.publish(this.#topic, "load", { vector });
      Y.applyUpdate(this.doc, bytesOf(server.update), REMOTE);
      const missing = Y.encodeStateAsUpdate(this.doc, bytesOf(server.vector));
      // An update that says nothing is two bytes long.
      if (missing.length > 2) this.#later(missing);
      this.#first();
      this.#sayWhere();
    } catch {
      // The link was lost meanwhile; the next one syncs again.
    } finally {
      this.#syncing = false;
    }
  }

  #later(update: Uint8Array): void {
    this.#waiting.push(update);
    this.#timer ??= setTimeout(() => this.#flush(), TOGETHER);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const updates = this.#waiting;
    this.#waiting = [];
    // While away nothing is queued: the next comparison finds it, in one piece.
    if (updates.length === 0 || this.#channel.state !== "connected") return;
    const update = base64Of(Y.mergeUpdates(updates));
    this.#channel.publish(this.#topic, "update", { update }).catch(() => {});
  }

  #sayWhere(): void {
    if (this.#channel.state !== "connected") return;
    const state = base64Of(encodeAwarenessUpdate(this.awareness, [this.doc.clientID]));
    this.#channel.publish(this.#topic, "move", { state }).catch(() => {});
  }
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function base64Of(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
