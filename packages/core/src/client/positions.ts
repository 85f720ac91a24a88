/** Keeps positions across page loads and process restarts, so that catch-up works after days. */
import { systemClock } from "../clock.ts";
import { isPosition } from "../protocol/codec.ts";
import type { Position } from "../protocol/messages.ts";
import { isKeyValueStore, type KeyValueStore, patience } from "./stored/records.ts";

/**
 * The application's store of the last position of each topic. Both methods are called often, and
 * neither may throw.
 */
export interface PositionStore {
  /** The position to resume a topic from. */
  load(topic: string): Position | undefined;
  /**
   * Called with the topic's position in the hub's answer, and after every delivery with its
   * position.
   */
  save(topic: string, position: Position): void;
}

/**
 * Keeps positions in `localStorage` or a storage like it, under `prefix` (default `bellwire:`) and
 * the topic's name. Each position is stored in the same turn in which the listeners received the
 * notification, so that a reload repeats none; the crash of a browser or a machine can.
 */
export function storedPositions(
  storage: Pick<Storage, "getItem" | "setItem">,
  prefix?: string,
): PositionStore;
/**
 * Keeps positions in a store with idb-keyval's shape. Resolves when those under `prefix` are
 * loaded, and never rejects. Positions are stored behind the deliveries, the newest of each topic
 * at a time; a reload repeats the notifications whose positions were not stored yet, and loses
 * none.
 */
export function storedPositions(store: KeyValueStore, prefix?: string): Promise<PositionStore>;
export function storedPositions(
  store: Pick<Storage, "getItem" | "setItem"> | KeyValueStore,
  prefix = "bellwire:",
): PositionStore | Promise<PositionStore> {
  return isKeyValueStore(store) ? keptBehind(store, prefix) : keptAtOnce(store, prefix);
}

function keptAtOnce(storage: Pick<Storage, "getItem" | "setItem">, prefix: string): PositionStore {
  return {
    load(topic) {
      try {
        const value: unknown = JSON.parse(storage.getItem(prefix + topic) ?? "null");
        return isPosition(value) ? value : undefined;
      } catch {
        return undefined;
      }
    },
    save(topic, position) {
      try {
        storage.setItem(prefix + topic, JSON.stringify(position));
      } catch {
        // A full or forbidden storage costs the catch-up after a restart, nothing else.
      }
    },
  };
}

async function keptBehind(store: KeyValueStore, prefix: string): Promise<PositionStore> {
  const { get, set, keys } = store;
  const answered = patience(systemClock);
  const positions = new Map<string, Position>();
  /** Topics whose positions are being stored, and the position that was given to the store. */
  const writing = new Map<string, Position>();
  try {
    const names = (await answered(keys())).filter(
      (name): name is string => typeof name === "string" && name.startsWith(prefix),
    );
    const values = await answered(Promise.all(names.map((name) => get(name))));
    for (const [at, name] of names.entries()) {
      const value = values[at];
      if (isPosition(value)) positions.set(name.slice(prefix.length), value);
    }
  } catch {
    // As with a storage: it costs the catch-up.
  }

  async function write(topic: string): Promise<void> {
    for (let position = positions.get(topic); position !== writing.get(topic); ) {
      if (!position) return;
      writing.set(topic, position);
      try {
        await answered(set(prefix + topic, position));
      } catch {
        // The next position may be stored.
      }
      position = positions.get(topic);
    }
    writing.delete(topic);
  }

  return {
    load: (topic) => positions.get(topic),
    save(topic, position) {
      positions.set(topic, position);
      if (!writing.has(topic)) void write(topic);
    },
  };
}
