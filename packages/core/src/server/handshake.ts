/** The data that an adapter passes to the hub with a connection. */
import type { Member } from "../protocol/messages.ts";

/** Access that an adapter has verified itself, by a signature of the application's own server. */
export interface Grant {
  /** The member that the client becomes on a `presence-` topic. Default: the identity's user. */
  readonly member?: Member;
  /** The user that the authorization names; `revoke` compares it. Default: the member's id. */
  readonly user?: string | undefined;
}

/** The facts of a connection. `authenticate` receives them unchanged. */
export interface Handshake {
  /** The adapter's name. */
  readonly transport: string;
  /**
   * Request headers, lower-case names. `authorization: Bearer …` is taken as the token when the
   * hello has none.
   */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly remoteAddress?: string | undefined;
  /**
   * `false` for a peer that cannot answer, such as a stock EventSource: the hub then expects no
   * pong from it. Default: true.
   */
  readonly answers?: boolean;
  /**
   * The adapter's own name of the link, which no client can choose: `exclude` compares it. Default:
   * an id that the hub derives from the user and from the hello's session.
   */
  readonly session?: string;
  /**
   * The user who signed in on the link by the adapter's own means; `revoke` follows it. MUST NOT
   * throw.
   */
  readonly user?: () => string | undefined;
  /**
   * Asked before `authorize`: a grant takes its place; undefined leaves the decision to it. MUST
   * NOT throw.
   */
  readonly grant?: (action: "subscribe" | "publish", topic: string) => Grant | undefined;
}
