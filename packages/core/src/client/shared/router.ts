/**
 * Routes messages between many links and one upstream. A machine for each topic decides who is
 * subscribed and what comes; the router greets the hub once for all links, numbers their commands
 * and takes the answers back. Performs nothing: due messages are in `up` and `down`.
 */
import { ERRORS } from "../../errors.ts";
import type { CloseCause } from "../../protocol/close-codes.ts";
import type {
  Acknowledged,
  Bye,
  ClientMessage,
  Done,
  Expiring,
  Failed,
  Ping,
  Pong,
  Publish,
  ReadHistory,
  Token,
} from "../../protocol/messages.ts";
import type { Delivery, Heard, LinkId } from "./tab-messages.ts";
import { type Topic, type TopicEvent, type TopicMessage, topicStep } from "./topic-machine.ts";

/** The messages over one upstream, from its beginning to its end. */
export interface Router {
  /** Messages that are due to the hub. The caller takes them out. */
  readonly up: ClientMessage[];
  /** Messages that are due to links. The caller takes them out. */
  readonly down: Delivery[];
  /** Links that were attached and not detached. */
  readonly links: ReadonlySet<LinkId>;
  /** Adds a link. It opens with the upstream, or at once. */
  attach(link: LinkId): void;
  /** Removes a link, and its subscriptions. */
  detach(link: LinkId): void;
  /** Takes a message of a link. The hub refuses the messages that make no sense. */
  send(link: LinkId, message: ClientMessage): void;
  /** Takes a message of the hub, or the upstream's opening or end. */
  hear(what: Heard): void;
}

/** A router to which no link is attached. */
export function createRouter(): Router {
  const up: ClientMessage[] = [];
  const down: Delivery[] = [];
  const links: Set<LinkId> = new Set();
  const topics: Map<string, Topic> = new Map();
  /** Commands under way by the upstream's ref: the link that gave it, and the link's own ref. */
  const asked: Map<number | undefined, readonly [link: LinkId, ref: number]> = new Map();
  /** Links that said hello. The first one's hello was the upstream's. */
  const greeted: Set<LinkId> = new Set();
  let opened: Heard | undefined;
  let welcome: Heard | undefined;
  let ref = 1;

  function send(link: LinkId, message: ClientMessage): void {
    switch (message.type) {
      case "hello":
        // The hub refuses a second hello of the same link.
        if (greeted.size === 0 || greeted.has(link)) up.push(message);
        else if (welcome) tell(welcome, link);
        greeted.add(link);
        return;
      case "subscribe":
        return dispatch({ type: "join", link, message }, [message.topic]);
      case "unsubscribe":
        dispatch({ type: "leave", link }, [message.topic]);
        return tell({ type: "done", ref: message.ref }, link);
      default:
        message satisfies Publish | ReadHistory | Token | Ping | Pong;
        if (!("ref" in message)) return void up.push(message);
        asked.set(ref, [link, message.ref]);
        command({ ...message, ref });
    }
  }

  function hear(what: Heard): void {
    switch (what.type) {
      case "open":
        opened = what;
        return tell(what, ...links);
      case "close":
        return end(what.cause);
      case "welcome":
        welcome = what;
        return tell(what, ...greeted);
      case "acknowledged":
      case "done":
        return answer(what);
      default:
        if (what.type === "error" && what.ref) answer(what);
        else if ("topic" in what && what.topic) dispatch(what, [what.topic]);
        else {
          what satisfies TopicMessage | Expiring | Ping | Pong | Bye;
          tell(what, ...links);
        }
    }
  }

  /** A hello that was refused was that of one link; the others may have better tokens. */
  function end(cause: CloseCause): void {
    const [first] = greeted;
    const isForAll = welcome || ERRORS[cause.code].retryable;
    for (const link of links)
      tell({ type: "close", cause: isForAll || link === first ? cause : { code: "link_lost" } }, link);
  }

  function answer(what: Acknowledged | Done | Failed): void {
    const [link, own] = asked.get(what.ref) ?? [];
    asked.delete(what.ref);
    if (link) tell({ ...what, ref: own } as Heard, link);
    // Topics ignore refs that are not theirs.
    else if (what.type === "error") dispatch(what, topics.keys());
  }

  function dispatch(event: TopicEvent, names: Iterable<string>): void {
    for (const name of names) {
      const now = topics.get(name) ?? { name, links: new Map() };
      const { next, effects } = topicStep(now, event, ref);
      topics.set(name, next);
      if (next.links.size === 0) topics.delete(name);
      for (const effect of effects) {
        if ("type" in effect) command(effect);
        else tell(...effect);
      }
    }
  }

  function command(message: ClientMessage): void {
    ref += 1;
    up.push(message);
  }

  function tell(...delivery: Delivery): void {
    if (delivery.length > 1) down.push(delivery);
  }

  return {
    up,
    down,
    links,
    attach(link) {
      links.add(link);
      if (opened) tell(opened, link);
    },
    detach(link) {
      links.delete(link);
      dispatch({ type: "leave", link }, topics.keys());
    },
    send,
    hear,
  };
}
