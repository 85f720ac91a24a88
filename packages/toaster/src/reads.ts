/** The stores that keep the ids of read notices across pages. */

/**
 * Keeps the ids of notices that were read or dismissed; at most 500, the newest last. Neither
 * function may throw.
 */
export interface ReadStore {
  load(): readonly string[];
  save(ids: readonly string[]): void;
}

/** Keeps the ids in `localStorage` or another `Storage`, under `key`. */
export function storedReads(storage: Pick<Storage, "getItem" | "setItem">, key = "bellwire:read"): ReadStore {
  return {
    load() {
      try {
        const value: unknown = JSON.parse(storage.getItem(key) ?? "[]");
        return Array.isArray(value) ? value.filter((id) => typeof id === "string") : [];
      } catch {
        return [];
      }
    },
    save(ids) {
      try {
        storage.setItem(key, JSON.stringify(ids));
      } catch {
        // When the storage is full or forbidden, notices are only unread again on the next page.
      }
    },
  };
}
