/**
 * Drains a hub: waits for handlers, empties the queues, and closes every link with a delay until
 * its reconnect.
 */
import type { Clock } from "../clock.ts";
import type { Admission } from "./admission.ts";
import type { Broadcaster } from "./broadcaster.ts";
import type { CloseOptions } from "./hub-api.ts";
import type { HubEmitter } from "./hub-events.ts";

/** The default of {@link CloseOptions.spread}. */
export const SPREAD = 5_000;

export interface DrainingParts {
  readonly clock: Clock;
  readonly admission: Admission;
  /** Publishes of clients. */
  readonly publishing: { settled(): Promise<void>; close(): void };
  readonly broadcasters: readonly Broadcaster[];
  readonly events: HubEmitter;
}

/** Drains every link within `flush` milliseconds. Resolves when all are closed. */
export async function drain(parts: DrainingParts, options: CloseOptions = {}): Promise<void> {
  const { clock, admission, publishing, broadcasters, events } = parts;
  const { flush = 10_000, spread = SPREAD } = options;
  const start = clock.now();
  const connections = Array.from(admission.connections);
  // Handlers that run already may publish, and their callers wait for answers.
  const settled = connections.map((connection) => connection.settle());
  await within(clock, flush, Promise.all([publishing.settled(), ...settled]));
  publishing.close();
  const left = Math.max(0, start + flush - clock.now());
  const drains = Array.from(admission.connections, (connection) =>
    connection.drain({ code: "draining", retryAfter: Math.round(Math.random() * spread) }, left),
  );
  await Promise.all([...drains, ...broadcasters.map((broadcaster) => broadcaster.close(left))]);
  const milliseconds = clock.now() - start;
  events.emit("drained", () => ({ links: connections.length, milliseconds }));
}

/** Resolves with the work, or after `ms`, whichever comes first. */
async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  let cancel: (() => void) | undefined;
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  await Promise.race([work, late]);
  cancel?.();
}
