/** Texts under keys, in a storage of the browser: at once, or behind promises. */
import type { Clock } from "../../clock.ts";
import { BellwireError } from "../../errors.ts";

/** The part of `localStorage` that is used. */
export type TextStorage = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

/**
 * The part of idb-keyval that is used: `import * as idb from "idb-keyval"` is one, and so is any
 * object with these four.
 */
export interface KeyValueStore {
  readonly get: (key: string) => Promise<unknown>;
  readonly set: (key: string, value: unknown) => Promise<void>;
  readonly del: (key: string) => Promise<void>;
  readonly keys: () => Promise<readonly unknown[]>;
}

/** Both kinds of store, as one. */
export interface Records {
  /** The keys that begin with `prefix`, sorted. */
  keys(prefix: string): Promise<string[]>;
  read(key: string): Promise<string | undefined>;
  /** Returns nothing when it is done already. Throws, or rejects, when it cannot be done. */
  write(key: string, text: string): Promise<void> | undefined;
  /** As `write`. */
  remove(key: string): Promise<void> | undefined;
}

/** Milliseconds without any answer after which a store behind promises is taken to have failed. */
const PATIENCE = 5_000;

/** Whether a store answers with promises. */
export function isKeyValueStore(store: unknown): store is KeyValueStore {
  const { get, getItem } = (store ?? {}) as Readonly<Record<string, unknown>>;
  return typeof get === "function" && typeof getItem !== "function";
}

export function recordsOf(store: TextStorage | KeyValueStore, clock: Clock): Records {
  if (!isKeyValueStore(store)) return textRecords(store);
  const { get, set, del, keys } = store;
  const answered = patience(clock);
  return {
    keys: async (prefix) => under(prefix, await answered(keys())),
    async read(key) {
      const value = await answered(get(key));
      return typeof value === "string" ? value : undefined;
    },
    write: (key, text) => answered(set(key, text)),
    remove: (key) => answered(del(key)),
  };
}

function textRecords(storage: TextStorage): Records {
  return {
    async keys(prefix) {
      return under(
        prefix,
        Array.from({ length: storage.length }, (_, at) => storage.key(at)),
      );
    },
    read: async (key) => storage.getItem(key) ?? undefined,
    write(key, text) {
      storage.setItem(key, text);
      return undefined;
    },
    remove(key) {
      storage.removeItem(key);
      return undefined;
    },
  };
}

function under(prefix: string, keys: readonly unknown[]): string[] {
  return keys.filter((key): key is string => typeof key === "string" && key.startsWith(prefix)).sort();
}

/**
 * Returns a function that awaits a store's answer, and rejects with `no_answer` when the store
 * gives none at all for a while: some never answer. One that is slow since it has a lot to do is
 * not silent.
 */
export function patience(clock: Clock): <T>(answer: Promise<T>) => Promise<T> {
  let answers = 0;
  return (answer) =>
    new Promise((resolve, reject) => {
      let cancel = (): void => {};
      const wait = (): void => {
        const before = answers;
        cancel = clock.after(PATIENCE, () => {
          if (answers > before) wait();
          else reject(new BellwireError("no_answer", "the store is silent"));
        });
      };
      wait();
      answer
        .finally(() => {
          answers += 1;
          cancel();
        })
        .then(resolve, reject);
    });
}
