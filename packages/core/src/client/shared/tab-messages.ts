/**
 * Messages between tabs. docs/shared-tabs.md is the contract; these types are the same contract for
 * the compiler.
 */
import type { CloseCause } from "../../protocol/close-codes.ts";
import { PROTOCOL_VERSION, type ServerMessage } from "../../protocol/messages.ts";

/**
 * The versions that tabs must have in common: of these messages, and of the protocol they carry.
 */
export const TABS_VERSION = `1.${PROTOCOL_VERSION}`;

/** A link of one tab, as `TAB/NUMBER/`. No id is the beginning of another. */
export type LinkId = string;

/** A message or event of the upstream that a link receives. */
export type Heard =
  | ServerMessage
  | { readonly type: "open" }
  | { readonly type: "close"; readonly cause: CloseCause };

/** A message, and the links that receive it. */
export type Delivery = readonly [what: Heard, ...links: LinkId[]];

export type TabMessage =
  | readonly ["who"]
  | readonly ["leader", leader: string]
  | readonly ["open", leader: string, link: LinkId]
  | readonly ["send", leader: string, link: LinkId, text: string]
  | readonly ["close", leader: string, link: LinkId, cause: CloseCause]
  | readonly ["deliver", leader: string, deliveries: readonly Delivery[]];

/** The end of a link whose channel comes back at once, to another leader or by itself. */
export const AGAIN: CloseCause = { code: "link_lost", retryAfter: 0 };

/** Messages by which a tab uses the leader's upstream. */
export type TabCommand = Extract<TabMessage, readonly ["open" | "send" | "close", ...unknown[]]>;
