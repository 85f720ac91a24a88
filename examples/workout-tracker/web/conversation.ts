/** A conversation of trainer and client, with the corrections. */
import type { z } from "zod";
import type { loaded } from "../answers.ts";
import { put, useConnection, useLoaded } from "./use-loaded.ts";

/** Undefined until it is loaded. */
export function useConversation(coachingId: string): z.infer<typeof loaded.coaching> | undefined {
  const { channel } = useConnection();
  return useLoaded(
    `presence-coaching.${coachingId}`,
    (topic) => channel.publish(topic, "load", {}),
    (before, { event, data }) => {
      switch (event) {
        case "said":
          return { ...before, messages: put(before.messages, data, ({ id }) => id, "back") };
        case "corrected":
          return { ...before, corrections: put(before.corrections, data, ({ id }) => id) };
        default:
          return before;
      }
    },
  );
}
