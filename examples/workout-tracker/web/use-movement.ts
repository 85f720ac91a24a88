/** Stands in for a watch: while moving, it counts metres and says so every second. */
import { useEffect, useState } from "react";

export interface Movement {
  readonly metres: number;
  readonly moving: boolean;
  readonly setMoving: (moving: boolean) => void;
}

/** `said` must be the same function as long as it is about the same thing. */
export function useMovement(said: (metres: number) => void): Movement {
  const [metres, setMetres] = useState(0);
  const [moving, setMoving] = useState(false);
  useEffect(() => {
    if (!moving) return;
    const timer = setInterval(() => setMetres((before) => before + 2 + Math.round(Math.random() * 3)), 1_000);
    return () => clearInterval(timer);
  }, [moving]);
  useEffect(() => {
    if (moving) said(metres);
  }, [moving, metres, said]);
  return { metres, moving, setMoving };
}
