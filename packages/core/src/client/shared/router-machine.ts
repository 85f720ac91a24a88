/**
 * Decides what goes over a trunk: which of the links' messages the hub is told, under which `ref`, and which links hear what it says.
 * Performs nothing: what is due is in `up` and `down`.
 *
 * Of a topic, the hub knows one subscription, and every link has a cursor. At most one subscribe is under way at a time, since the hub
 * answers only the last; who joins meanwhile waits. Whose position the trunk will pass through is joined without asking.
 */
import { ERRORS } from "../../errors.ts";
import type { CloseCause } from "../../link.ts";
import type {
  ClientMessage,
  Failed,
  Hello,
  Position,
  ServerMessage,
  Subscribe,
  Subscribed,
} from "../../protocol/messages.ts";
import { hasPresence } from "../../protocol/topics.ts";
import type { Delivery, Heard, LinkId } from "./tab-messages.ts";

interface Topic {
  readonly name: string;
  /** Where the trunk stands: what comes next has the offset after it. Undefined until the hub has answered, and after it has ended it. */
  head: Position | undefined;
  /** The trunk's ref of the subscribe under way; 0: none. */
  ref: number;
  /** The last offset that each joined link was given. */
  readonly cursors: Map<LinkId, number>;
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

const LOST: CloseCause = { code: "link_lost" };

/** What goes over one trunk, from its beginning to its end. */
export interface Router {
  /** What the hub is to be told. Whoever takes it empties it. */
  readonly up: ClientMessage[];
  /** What links are to hear. */
  readonly down: Delivery[];
  /** Those that were attached and not detached. */
  readonly links: Set<LinkId>;
  /** A link is made. It opens with the trunk, or at once. */
  attach(link: LinkId): void;
  /** The link is gone. */
  detach(link: LinkId): void;
  /** A link says something. What makes no sense is for the hub to refuse. */
  fromLink(link: LinkId, message: ClientMessage): void;
  /** The hub says something, or the trunk has opened or ended. */
  fromHub(what: Heard): void;
}

/** A router to which no link is attached. */
export function createRouter(): Router {
  const up: ClientMessage[] = [];
  const down: Delivery[] = [];
  const links: Set<LinkId> = new Set();
  const topics: Map<string, Topic> = new Map();
  /** Commands under way, by the trunk's ref. */
  const commands: Map<number, readonly [link: LinkId, command: Command]> = new Map();
  /** Who has said hello. The first one's was the trunk's. */
  const greeted: Set<LinkId> = new Set();
  let open = false;
  let welcome: Heard | undefined;
  let lastRef = 0;

  function attach(link: LinkId): void {
    links.add(link);
    if (open) tell({ type: "open" }, [link]);
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
      return tell({ type: "done", ref: message.ref }, [link]);
    }
    if (type === "publish" || type === "token") ask(link, message);
    else up.push(message);
  }

  function fromHub(what: Heard): void {
    const { type, ref, topic: name, offset, position }: Fields = what;
    if (type === "open") open = true;
    if (what.type === "close") return closed(what.cause);
    if (type === "welcome") welcome = what;
    if (ref !== undefined) return answered(what as Answer, ref);
    const topic = topics.get(name ?? "");
    if (!topic) return tell(what, welcome === what ? greeted : name === undefined ? links : []);
    const { head, cursors } = topic;
    if (head && type === "gap") return moved(topic, what, position ?? head, head);
    if (head && offset) return moved(topic, what, { epoch: head.epoch, offset }, head);
    tell(what, cursors.keys());
    if (type !== "error") return;
    cursors.clear();
    topic.head = undefined;
  }

  function tell(what: Heard, links: Iterable<LinkId>): void {
    const delivery: Delivery = [what, ...links];
    if (delivery.length > 1) down.push(delivery);
  }

  function ask(link: LinkId, command: Command): number {
    const ref = ++lastRef;
    commands.set(ref, [link, command]);
    up.push({ ...command, ref });
    return ref;
  }

  function hello(link: LinkId, hello: Hello): void {
    if (welcome) tell(welcome, [link]);
    else if (greeted.size === 0) up.push(hello);
    greeted.add(link);
  }

  /** Every link ends. A hello that was refused was that of one link; the others may have better tokens. */
  function closed(cause: CloseCause): void {
    const [first] = greeted;
    const all = welcome || ERRORS[cause.code].retryable;
    for (const link of links) tell({ type: "close", cause: all || link === first ? cause : LOST }, [link]);
  }

  function subscribe(link: LinkId, message: Subscribe): void {
    const { topic: name } = message;
    const fresh = { name, head: undefined, ref: 0, cursors: new Map(), waiting: new Map() };
    const topic: Topic = topics.get(name) ?? fresh;
    topics.set(name, topic);
    // Who joins again has found that something is missing; and of who is present only the hub can tell.
    const ask = topic.cursors.delete(link) || hasPresence(`${name}`);
    topic.waiting.set(link, message);
    // An answer for which a link does not wait any more may never come.
    if (commands.get(topic.ref)?.[0] === link) topic.ref = 0;
    join(topic, ask ? Infinity : topic.head?.offset);
  }

  /** Lets those in whose position lies from `least` to where the trunk stands; for the first of the others the hub is asked. */
  function join(topic: Topic, least: number = Infinity): void {
    const { head, waiting, cursors } = topic;
    if (topic.ref > 0) return;
    for (const [link, message] of waiting) {
      const { position = head } = message;
      if (
        head &&
        position?.epoch === head.epoch &&
        position.offset >= least &&
        position.offset <= head.offset
      ) {
        waiting.delete(link);
        cursors.set(link, position.offset);
        tell({ type: "subscribed", ref: message.ref, topic: topic.name, position }, [link]);
      } else if (topic.ref === 0) topic.ref = ask(link, { ...message, position });
    }
  }

  function answered(answer: Answer, ref: number): void {
    const [link, command] = commands.get(ref) ?? [];
    commands.delete(ref);
    if (!link || !command) return;
    if (command.type !== "subscribe") return tell({ ...answer, ref: command.ref }, [link]);
    const topic = topics.get(command.topic);
    if (topic?.ref !== ref) return;
    topic.ref = 0;
    if (answer.type === "subscribed") subscribed(topic, answer, command);
    else if (answer.type === "error") refused(topic, answer, link);
  }

  function subscribed(topic: Topic, answer: Subscribed, asked: Subscribe): void {
    const { head, waiting, cursors } = topic;
    const { position, gap } = answer;
    const goesOn = head?.epoch === position.epoch;
    topic.head = goesOn && !gap && head.offset > position.offset ? head : position;
    // What came while the hub was asked is in the replay; without one it is lost to those who did not ask.
    shake(topic, position, goesOn ? (gap ? position.offset : 0) : Infinity);
    for (const [link, { ref, position: from }] of gap ? waiting : []) {
      if (JSON.stringify(from) !== JSON.stringify(asked.position)) continue;
      waiting.delete(link);
      cursors.set(link, position.offset);
      tell({ ...answer, ref }, [link]);
    }
    join(topic, position.offset);
  }

  function refused(topic: Topic, answer: Failed, link: LinkId): void {
    const { head, waiting, cursors } = topic;
    const ref = waiting.get(link)?.ref;
    waiting.delete(link);
    if (ref !== undefined) tell({ ...answer, ref }, [link]);
    // Over its rate the hub looks at nothing, and what was goes on. Any other refusal has ended it, and the others have to ask for themselves.
    if (head && answer.code !== "rate_limited") {
      shake(topic, { epoch: head.epoch, offset: head.offset + 1 }, Infinity);
      topic.head = undefined;
    }
    if (cursors.size + waiting.size === 0) topics.delete(topic.name);
    else join(topic);
  }

  /** Has those whose cursor is before `least` join again. */
  function shake({ name, cursors }: Topic, position: Position, least: number): void {
    for (const [link, cursor] of cursors) {
      if (cursor >= least) continue;
      cursors.delete(link);
      tell({ type: "head", topic: name, position }, [link]);
    }
  }

  /** The trunk moves to a position, and the links that are behind it move, too. */
  function moved(topic: Topic, what: Heard, position: Position, head: Position): void {
    const { cursors } = topic;
    const { epoch, offset } = position;
    const links = Array.from(cursors.keys()).filter(
      (link) => epoch !== head.epoch || (cursors.get(link) ?? 0) < offset,
    );
    for (const link of links) cursors.set(link, offset);
    if (epoch !== head.epoch || offset > head.offset) topic.head = position;
    tell(what, links);
  }

  function leave(link: LinkId, { name, cursors, waiting }: Topic): void {
    if (!cursors.delete(link) && !waiting.has(link)) return;
    waiting.delete(link);
    if (cursors.size + waiting.size > 0) return;
    topics.delete(name);
    up.push({ type: "unsubscribe", ref: ++lastRef, topic: name });
  }

  return { up, down, links, attach, detach, fromLink, fromHub };
}
