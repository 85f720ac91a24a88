/** The source of the hooks' types: the contract that the program registers once. */
import type { Contract, TopicMap } from "@bellwire/core";
import type { NotificationChannel } from "@bellwire/core/client";

/**
 * Declares the program's contract for all hooks. Without it, any string is a topic and data is
 * `unknown`.
 *
 * @example declare module "@bellwire/react" { interface Register { topics: typeof topics } }
 */
export interface Register {}

/** The topic map of the registered contract. */
export type RegisteredTopics = Register extends { readonly topics: Contract<infer M> } ? M : TopicMap;

/** A channel of the registered contract, over any transport. */
export type RegisteredChannel = NotificationChannel<RegisteredTopics>;
