/** Keeps positions across page loads and process restarts, so that catch-up works after days. */
import { isPosition } from "../protocol/codec.ts";
import type { Position } from "../protocol/messages.ts";

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
 * the topic's name.
 */
export function storedPositions(
  storage: Pick<Storage, "getItem" | "setItem">,
  prefix = "bellwire:",
): PositionStore {
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
