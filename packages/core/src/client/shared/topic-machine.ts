/**
 * Decides what one topic of an upstream does for the links that subscribe to it; performs nothing.
 *
 *            join           subscribed             join, from further back
 *   vacant ───────▶ asking ───────────▶ standing ──────────────────────────▶ behind
 *                     ▲                    ▲                                  │  │
 *                     │ join               └── subscribed, rate_limited ──────┘  │ refused
 *                   adrift ◀─────────────────────────────────────────────────────┘
 *
 *   A refusal in `asking`, an end by the hub, and the last link's leaving lead to `vacant`.
 *   `standing`: messages pass, and links join where the stream stands. `behind`: so they do while
 *   the hub is asked for a link that misses something. `adrift`: the subscription has ended, and
 *   the links that had joined have to join again.
 *
 * The hub knows one subscription per topic. A link whose position the upstream will pass through is
 * joined without asking. Of the other links' subscribes one is under way at a time, since the hub
 * answers only the last; the rest wait. When the upstream goes back for one link, the other links
 * receive again what they have, and their channels' cursors drop it.
 */
import type {
  Failed,
  GapReason,
  Head,
  Joined,
  Left,
  Members,
  Position,
  ServerMessage,
  Subscribe,
  Subscribed,
  Unsubscribe,
} from "../../protocol/messages.ts";
import { hasPresence } from "../../protocol/names.ts";
import type { Step } from "../step.ts";
import type { Delivery, LinkId } from "./tab-messages.ts";

interface Asked {
  /** The link for which the hub is asked. */
  readonly link: LinkId;
  /** The upstream's. */
  readonly ref: number;
  readonly position: Position | undefined;
}

export interface Topic {
  readonly name: string;
  /**
   * Where the upstream stands: the next notification has the offset after it. Undefined until the
   * hub has answered, and after the hub has ended the subscription.
   */
  readonly head?: Position | undefined;
  /** The subscribe under way. */
  readonly asked?: Asked | undefined;
  /** The links that subscribe: with their own subscribe while they wait, undefined once joined. */
  readonly links: ReadonlyMap<LinkId, Subscribe | undefined>;
}

/** The hub's messages that can be about a topic. */
export type TopicMessage = Extract<ServerMessage, { readonly topic?: string }>;

export type TopicEvent =
  | { readonly type: "join"; readonly link: LinkId; readonly message: Subscribe }
  | { readonly type: "leave"; readonly link: LinkId }
  | TopicMessage;

/** A delivery to links, or a command to the hub. */
export type TopicEffect = Delivery | Subscribe | Unsubscribe;

/**
 * The next state and what to do. `ref` is a fresh reference, for the case that the hub is sent a
 * command. An event that means nothing in a state changes nothing.
 */
export function topicStep(now: Topic, event: TopicEvent, ref: number): Step<Topic, TopicEffect> {
  const topic = now.name;
  const links = new Map(now.links);
  const effects: TopicEffect[] = [];
  let { head, asked } = now;
  /**
   * From there on, links join where the upstream stands; with a gap, also those that asked for it.
   */
  let from: Position | undefined;
  let gap: GapReason | undefined;

  function decide(): void {
    switch (event.type) {
      case "join":
        return join(event.link, event.message);
      case "leave":
        if (links.delete(event.link) && links.size === 0) effects.push({ type: "unsubscribe", ref, topic });
        return;
      case "subscribed":
        if (asked?.ref === event.ref) subscribed(event);
        return;
      case "error":
        if (!event.ref) {
          for (const link of deliver(event)) links.delete(link);
          head = undefined;
        } else if (asked?.ref === event.ref) refused(event, asked.link);
        return;
      case "notification":
      case "skip":
        return pass(event, head && { ...head, offset: event.offset });
      case "gap":
        return pass(event, event.position);
      default:
        event satisfies Head | Members | Joined | Left;
        pass(event);
    }
  }

  /** Passes a message on, after which the upstream stands at `to`, unless it stands further on. */
  function pass(message: TopicMessage, to?: Position): void {
    deliver(message);
    if (head && to && (to.epoch !== head.epoch || to.offset > head.offset)) head = to;
  }

  /** Gives a message to the links that have joined, and returns them. */
  function deliver(message: TopicMessage): readonly LinkId[] {
    const joined = Array.from(links.keys()).filter((link) => !links.get(link));
    effects.push([message, ...joined]);
    return joined;
  }

  function join(link: LinkId, message: Subscribe): void {
    const own = links.get(link);
    // A link that joins again has found that something is missing, and only the hub knows who is
    // present. The name may be anything that a client sent.
    if ((own || !links.has(link)) && !hasPresence(`${topic}`)) from = head;
    // A link that asks again no longer waits for the first answer, which may never come.
    if (own) asked = undefined;
    links.set(link, message);
  }

  function subscribed(answer: Subscribed): void {
    ({ position: from, gap } = answer);
    asked = undefined;
    if (gap || head?.epoch !== from.epoch) {
      head = from;
      // Without a replay, the links that did not ask have to find out whether they are behind.
      deliver({ type: "head", topic, position: head });
      // The replay holds what came while the hub was asked.
    } else if (head.offset < from.offset) head = from;
  }

  function refused(answer: Failed, link: LinkId): void {
    const own = links.get(link);
    asked = undefined;
    if (own) {
      links.delete(link);
      effects.push([{ ...answer, ref: own.ref }, link]);
    }
    // A hub over its rate looks at nothing, and the subscription goes on. Any other refusal has
    // ended it, and the other links have to ask for themselves.
    if (head && answer.code !== "rate_limited") {
      deliver({ type: "head", topic, position: { ...head, offset: head.offset + 1 } });
      head = undefined;
    }
  }

  /** Joins the waiting links that can; asks the hub for the first of the others, if it may. */
  function settle(): void {
    for (const [link, message] of links) {
      if (!message) continue;
      const { position = head } = message;
      const isInGap = gap && JSON.stringify(message.position) === JSON.stringify(now.asked?.position);
      const isBetween =
        from &&
        head &&
        position?.epoch === head.epoch &&
        position.offset >= from.offset &&
        position.offset <= head.offset;
      if (isInGap || isBetween) {
        links.set(link, undefined);
        effects.push([
          { ...message, position, ...(isInGap && { position: from, gap }), type: "subscribed" } as Subscribed,
          link,
        ]);
      } else if (!asked) {
        asked = { link, ref, position };
        effects.push({ ...message, ref, position });
      }
    }
  }

  decide();
  settle();
  return { next: { name: topic, head, asked, links }, effects };
}
