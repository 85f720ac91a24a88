import { type RefObject, useInsertionEffect, useRef } from "react";

/** What was given in the render that is on the screen, for listeners that outlive it. Insertion effects also run before any other. */
export function useLatest<T>(value: T): RefObject<T> {
  const latest = useRef(value);
  useInsertionEffect(() => {
    latest.current = value;
  });
  return latest;
}
