/** Notices of one source in the bell. */
import { useToaster } from "@bellwire/toaster/react";
import { useEffect } from "react";
import type { BellNotice } from "./bell.ts";
import { useConnection } from "./use-loaded.ts";

/**
 * Keeps notices of one source in the bell, the oldest first; undefined while they are not loaded.
 * While `seen`, the user has them on the screen anyway.
 */
export function useNotices(source: string, notices: readonly BellNotice[] | undefined, seen = false): void {
  const { bell } = useConnection();
  const toaster = useToaster();
  useEffect(() => {
    if (notices) bell.put(toaster, source, notices, seen);
  }, [bell, toaster, source, notices, seen]);
}
