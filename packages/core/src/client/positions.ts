/** Keeps positions across page loads and process restarts, so that catch-up works after days. */
import { isPosition } from "../protocol/codec.ts";
import type { Position } from "../protocol/messages.ts";

/** Where an application keeps the last position of each topic. Both are called often; neither may throw. */
export interface PositionStore {
  /** The position to resume a topic from. */
  load(topic: string): Position | undefined;
  /** Called when the hub has said where the topic stands, and after every delivery with what was delivered. */
  save(topic: string, position: Position): void;
}

/** Keeps positions in `localStorage` or anything like it, under `prefix` (default `bellwire:`) and the topic's name. */
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
