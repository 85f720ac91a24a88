/** A tab's end of one link: what its channel sends and receives, wherever the upstream is. */
import type { Link, LinkObserver } from "../../link.ts";
import type { CloseCause } from "../../protocol/close-codes.ts";
import type { ClientMessage, Publish, ServerMessage } from "../../protocol/messages.ts";
import type { Heard, LinkId, TabMessage } from "./tab-messages.ts";

/** Publishes with `excludeSelf` that a tab remembers; the hub replays fewer. */
const EXCLUDED = 1_000;

export interface TabLink extends Link<ClientMessage> {
  readonly id: LinkId;
  /** The leader with which the link was opened; empty: it is not open yet. */
  leader: string;
  /** Takes a message that the leader delivers. */
  hear(what: Heard): void;
  /** Ends the link, once. `own`: its channel has closed it. */
  end(cause: CloseCause, own?: boolean): void;
}

/**
 * Makes a link and adds it to the tab's `links`, which it leaves when it ends.
 * `excluded`: the tab's publishes with `excludeSelf`, by session, topic and id.
 * `say`: says something to the leader. `leave`: the application has closed the last link.
 */
export function createTabLink(
  id: LinkId,
  observer: LinkObserver<ServerMessage>,
  links: Map<LinkId, TabLink>,
  excluded: Set<string>,
  say: (message: TabMessage) => void,
  leave: () => void,
): TabLink {
  let session = "";
  const named = ({ topic, id }: Pick<Publish, "topic"> & { readonly id?: string | undefined }): string =>
    `${session} ${topic} ${id}`;

  /**
   * `excludeSelf` spares a link of the hub, which all tabs have in common. Only the publisher's own
   * channel is to be spared, so the tab leaves the notification out itself.
   */
  function toAll(message: ClientMessage): ClientMessage {
    if (message.type === "hello") ({ session } = message);
    if (message.type !== "publish" || !message.excludeSelf) return message;
    excluded.add(named(message));
    for (const oldest of excluded) if (excluded.size > EXCLUDED) excluded.delete(oldest);
    return { ...message, excludeSelf: undefined };
  }

  const link: TabLink = {
    id,
    leader: "",
    // The bytes that wait in another tab are not known.
    buffered: 0,
    hear(what) {
      if (what.type === "open") observer.open();
      else if (what.type === "close") link.end(what.cause);
      else {
        const isOwn = what.type === "notification" && excluded.has(named(what));
        // A skip to an offset of 0 leaves the cursor where it is.
        observer.message(isOwn ? { ...what, type: "skip" } : what);
      }
    },
    send(batch) {
      say(["send", link.leader, id, JSON.stringify(batch.map(toAll))]);
    },
    close: (cause) => link.end(cause, true),
    end(cause, own) {
      if (!links.delete(id)) return;
      if (own && link.leader) say(["close", link.leader, id, cause]);
      // A channel that closes normally does not come back.
      if (own && cause.code === "normal" && links.size === 0) leave();
      observer.close(cause);
    },
  };
  links.set(id, link);
  return link;
}
