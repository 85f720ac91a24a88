/**
 * A page that may be reloaded at any time: its publishes and its positions are in the browser's
 * storage. It shows what it does under `window.page`.
 */
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { createChannel, type KeyValueStore, storedOutbox, storedPositions } from "@bellwire/core/client";
import { topics } from "./topics.ts";

/** The report of a page. */
export interface PageReport {
  /** Workouts that a page which is gone published, with the offset or the code of an error. */
  readonly leftovers: readonly (readonly [string, number | string | undefined])[];
  /** Offsets that its listener received. */
  readonly heard: readonly number[];
  /** Gaps and errors; none, if all is well. */
  readonly wrong: readonly string[];
}

const settings = new URLSearchParams(location.search);

const leftovers: [string, number | string | undefined][] = [];
const channel = createChannel({
  topics,
  transport: webSocketTransport({ url: `ws://localhost:${settings.get("wire")}/bellwire` }),
  backoff: { base: 50, cap: 200 },
  // For this tab alone, as opposed to localStorage.
  positions: storedPositions(sessionStorage),
  outbox: storedOutbox(settings.get("store") === "indexedDB" ? indexedDBStore("page") : localStorage, {
    key: "a visitor",
    onLeftover({ data, position, error }) {
      leftovers.push([(data as { workoutId: string }).workoutId, error?.code ?? position?.offset]);
    },
  }),
});

const heard: number[] = [];
const wrong: string[] = [];
const workouts = channel.subscribe("workouts.42");
workouts.on("completed", ({ position }) => heard.push(position.offset));
workouts.onGap(({ reason }) => wrong.push(`gap (${reason})`));
channel.onError((error) => wrong.push(String(error)));

Object.assign(window, {
  page: {
    report: (): PageReport => ({ leftovers, heard, wrong }),
    publish(workoutId: string): void {
      channel.publish("workouts.42", "completed", { workoutId, calories: 1 }).catch((error: unknown) => {
        wrong.push(String(error));
      });
    },
  },
});

/** A store with idb-keyval's shape, without that package. */
function indexedDBStore(name: string): KeyValueStore {
  const opened = new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onupgradeneeded = () => request.result.createObjectStore(name);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("not opened"));
  });
  async function ask<T>(
    mode: IDBTransactionMode,
    act: (entries: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> {
    const transaction = (await opened).transaction(name, mode);
    const request = act(transaction.objectStore(name));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? new Error("aborted"));
    });
  }
  return {
    get: (key) => ask("readonly", (entries) => entries.get(key)),
    set: async (key, value) => void (await ask("readwrite", (entries) => entries.put(value, key))),
    del: (key) => ask("readwrite", (entries) => entries.delete(key)),
    keys: () => ask("readonly", (entries) => entries.getAllKeys()),
  };
}
