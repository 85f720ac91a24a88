/**
 * Decides what goes over an upstream: which of the links' messages the hub is told, under which `ref`, and which links hear what it says.
 * Performs nothing: what is due is in `up` and `down`.
 *
 * Of a topic, the hub knows one subscription. Whose position the upstream will pass through is joined without asking. Of the others' subscribes
 * one is under way at a time, since the hub answers only the last; the rest wait. When the upstream goes back for one link, the others hear again
 * what they know: cursors are their channels', which drop it.
 */
import { ERRORS } from "../../errors.ts";
import type { CloseCause } from "../../protocol/close-codes.ts";
import type {
  ClientMessage,
  Failed,
  Hello,
  Position,
  ServerMessage,
  Subscribe,
  Subscribed,
} from "../../protocol/messages.ts";
import { hasPresence } from "../../protocol/names.ts";
import type { Delivery, Heard, LinkId } from "./tab-messages.ts";

interface Topic {
  readonly name: string;
  /** Where the upstream stands: what comes next has the offset after it. Undefined until the hub has answered, and after it has ended it. */
  head: Position | undefined;
  /** The upstream's ref of the subscribe under way; 0: none. */
  ref: number;
  /** Who hears what comes. */
  readonly joined: Set<LinkId>;
  /** Who wants to join, and how. */
  readonly waiting: Map<LinkId, Subscribe>;
}

/** What a link is to be answered. */
type Command = Exclude<Extract<ClientMessage, { readonly ref: number }>, { readonly type: "unsubscribe" }>;
type Answer = Extract<ServerMessage, { readonly ref?: number }>;

/** What is looked for in whatever is heard. */
interface Fields {
  readonly type: Heard["type"];
  readonly ref?: number;
  readonly topic?: string;
  readonly offset?: number;
  readonly position?: Position | null;
}

/** What goes over one upstream, from its beginning to its end. */
export interface Router {
  /** What the hub is to be told. Whoever takes it empties it. */
  readonly up: ClientMessage[];
  /** What links are to hear. */
  readonly down: Delivery[];
  /** Those that were attached and not detached. */
  readonly links: Set<LinkId>;
  /** A link is made. It opens with the upstream, or at once. */
  attach(link: LinkId): void;
  /** The link is gone. */
  detach(link: LinkId): void;
  /** A link says something. What makes no sense is for the hub to refuse. */
  fromLink(link: LinkId, message: ClientMessage): void;
  /** The hub says something, or the upstream has opened or ended. */
  fromHub(what: Heard): void;
}

/** A router to which no link is attached. */
export function createRouter(): Router {
  const up: ClientMessage[] = [];
  const down: Delivery[] = [];
  const links: Set<LinkId> = new Set();
  const topics: Map<string, Topic> = new Map();
  /** What becomes of the answers to commands under way, by the upstream's ref. */
  const asked: Map<number, (answer: Answer) => void> = new Map();
  /** Who has said hello. The first one's was the upstream's. */
  const greeted: Set<LinkId> = new Set();
  let opened: Heard | undefined;
  let welcome: Heard | undefined;
  let lastRef = 0;

  function attach(link: LinkId): void {
    links.add(link);
    if (opened) tell(opened, link);
  }

  function detach(link: LinkId): void {
    links.delete(link);
    for (const topic of topics.values()) leave(link, topic);
  }

  function fromLink(link: LinkId, message: ClientMessage): void {
    const { type } = message;
    if (type === "hello" && !greeted.has(link)) return hello(link, message);
    if (type === "subscribe") return subscribe(link, message);
    if (type === "unsubscribe") {
      const topic = topics.get(message.topic);
      if (topic) leave(link, topic);
      return tell({ type: "done", ref: message.ref }, link);
    }
    if ("ref" in message) ask(message, (answer) => tell({ ...answer, ref: message.ref }, link));
    else up.push(message);
  }

  function fromHub(what: Heard): void {
    const { type, ref, topic: name, offset = 0, position }: Fields = what;
    if (type === "open") opened = what;
    if (what.type === "close") return closed(what.cause);
    if (type === "welcome") welcome = what;
    if (ref) {
      asked.get(ref)?.(what as Answer);
      asked.delete(ref);
      return;
    }
    const topic = topics.get(name ?? "");
    if (!topic) return tell(what, ...(welcome === what ? greeted : name === undefined ? links : []));
    const { head, joined } = topic;
    tell(what, ...joined);
    if (head) {
      const to = { ...head, offset, ...(type === "gap" && position) };
      if (to.epoch !== head.epoch || to.offset > head.offset) topic.head = to;
    }
    if (type !== "error") return;
    joined.clear();
    topic.head = undefined;
  }

  function tell(what: Heard, ...to: readonly LinkId[]): void {
    if (to.length > 0) down.push([what, ...to]);
  }

  function ask(command: Command, answered: (answer: Answer) => void): number {
    const ref = ++lastRef;
    asked.set(ref, answered);
    up.push({ ...command, ref });
    return ref;
  }

  function hello(link: LinkId, hello: Hello): void {
    if (welcome) tell(welcome, link);
    else if (greeted.size === 0) up.push(hello);
    greeted.add(link);
  }

  /** Every link ends. A hello that was refused was that of one link; the others may have better tokens. */
  function closed(cause: CloseCause): void {
    const [first] = greeted;
    const all = welcome || ERRORS[cause.code].retryable;
    for (const link of links)
      tell({ type: "close", cause: all || link === first ? cause : { code: "link_lost" } }, link);
  }

  function subscribe(link: LinkId, message: Subscribe): void {
    const { topic: name } = message;
    const fresh = { name, head: undefined, ref: 0, joined: new Set<LinkId>(), waiting: new Map() };
    const topic: Topic = topics.get(name) ?? fresh;
    topics.set(name, topic);
    // Who joins again has found that something is missing; and of who is present only the hub can tell.
    const ask = topic.joined.delete(link) || hasPresence(`${name}`);
    // An answer for which a link waits no longer may never come.
    if (topic.waiting.has(link)) topic.ref = 0;
    topic.waiting.set(link, message);
    join(topic, ask ? undefined : topic.head?.offset);
  }

  /** Lets those in whose position lies from `least`, if given, to where the upstream stands; for the first of the others the hub is asked. */
  function join(topic: Topic, least?: number): void {
    const { name, head, waiting } = topic;
    for (const [link, message] of waiting) {
      const { position = head } = message;
      if (
        head &&
        least !== undefined &&
        position?.epoch === head.epoch &&
        position.offset >= least &&
        position.offset <= head.offset
      ) {
        admit(link, topic, { type: "subscribed", ref: message.ref, topic: name, position });
      } else if (topic.ref === 0)
        topic.ref = ask({ ...message, position }, (answer) => {
          if (topic.ref !== answer.ref) return;
          topic.ref = 0;
          if (answer.type === "subscribed") subscribed(topic, answer, position);
          else if (answer.type === "error") refused(topic, answer, link);
        });
    }
  }

  function admit(link: LinkId, { joined, waiting }: Topic, answer: Subscribed): void {
    waiting.delete(link);
    joined.add(link);
    tell(answer, link);
  }

  function subscribed(topic: Topic, answer: Subscribed, from: Position | undefined): void {
    const { name, head, waiting, joined } = topic;
    const { position, gap } = answer;
    const goesOn = head?.epoch === position.epoch && !gap;
    topic.head = goesOn && head.offset > position.offset ? head : position;
    // What came while the hub was asked is in the replay; without one, those who did not ask have to see whether they are behind.
    if (!goesOn) tell({ type: "head", topic: name, position }, ...joined);
    for (const [link, { ref, position: own }] of waiting)
      if (gap && JSON.stringify(own) === JSON.stringify(from)) admit(link, topic, { ...answer, ref });
    join(topic, position.offset);
  }

  function refused(topic: Topic, answer: Failed, link: LinkId): void {
    const { name, head, waiting, joined } = topic;
    const ref = waiting.get(link)?.ref;
    waiting.delete(link);
    if (ref) tell({ ...answer, ref }, link);
    // Over its rate the hub looks at nothing, and what was goes on. Any other refusal has ended it, and the others have to ask for themselves.
    if (head && answer.code !== "rate_limited") {
      tell({ type: "head", topic: name, position: { ...head, offset: head.offset + 1 } }, ...joined);
      topic.head = undefined;
    }
    if (joined.size + waiting.size === 0) topics.delete(name);
    else join(topic);
  }

  function leave(link: LinkId, topic: Topic): void {
    const { name, joined, waiting } = topic;
    if (!(joined.delete(link) || waiting.delete(link)) || joined.size + waiting.size > 0) return;
    topics.delete(name);
    // Whoever comes back to it has another.
    topic.ref = 0;
    up.push({ type: "unsubscribe", ref: ++lastRef, topic: name });
  }

  return { up, down, links, attach, detach, fromLink, fromHub };
}
