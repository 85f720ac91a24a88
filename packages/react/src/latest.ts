import { type RefObject, useInsertionEffect, useRef } from "react";

/**
 * The value of the render that is on the screen, for listeners that outlive it. Insertion effects
 * run before all others.
 */
export function useLatest<T>(value: T): RefObject<T> {
  const latest = useRef(value);
  useInsertionEffect(() => {
    latest.current = value;
  });
  return latest;
}
