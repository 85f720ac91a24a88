/** The contract of hubs and page. */
import { command, defineTopics } from "@bellwire/core";
import { z } from "zod";

const hub = z.object({ name: z.string(), pid: z.number() });

/** A hub, and the process that it runs in. */
export type HubName = z.infer<typeof hub>;

export const topics = defineTopics({
  "orders.{shop}": { placed: z.object({ order: z.string(), euros: z.number(), by: hub }) },
  hubs: {
    /** Which hub holds the link of the client that asks. */
    which: command(z.object({}), hub),
    /**
     * Kills the process with this number, if it is the one that holds the link. A channel sends a
     * command without an answer again, to the next hub; the number saves that one.
     */
    kill: command(z.object({ pid: z.number() }), z.object({ killed: z.literal(false) })),
  },
});
