/** What tabs say to each other. docs/shared-tabs.md is the contract; these types are the same contract for the compiler. */
import type { CloseCause } from "../../protocol/close-codes.ts";
import { PROTOCOL_VERSION, type ServerMessage } from "../../protocol/messages.ts";

/** The versions that tabs must have in common: of their own messages, and of what they carry. */
export const TABS_VERSION = `1.${PROTOCOL_VERSION}`;

/** `TAB/NUMBER/`: a link of one tab. Begins with no other's id. */
export type LinkId = string;

/** What a link hears of its upstream. */
export type Heard =
  | ServerMessage
  | { readonly type: "open" }
  | { readonly type: "close"; readonly cause: CloseCause };

/** What is heard, and by which links. */
export type Delivery = readonly [what: Heard, ...links: LinkId[]];

export type TabMessage =
  | readonly ["who"]
  | readonly ["leader", leader: string]
  | readonly ["open", leader: string, link: LinkId]
  | readonly ["send", leader: string, link: LinkId, text: string]
  | readonly ["close", leader: string, link: LinkId, cause: CloseCause]
  | readonly ["deliver", leader: string, deliveries: readonly Delivery[]];
