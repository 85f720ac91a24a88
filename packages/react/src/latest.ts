import { type RefObject, useInsertionEffect, useRef } from "react";

/**
 * The value of the latest committed render, for listeners that outlive a render. It is stored in an
 * insertion effect, because those run before all others.
 */
export function useLatest<T>(value: T): RefObject<T> {
  const latest = useRef(value);
  useInsertionEffect(() => {
    latest.current = value;
  });
  return latest;
}
