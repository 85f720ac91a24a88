/**
 * Decides what goes over a trunk: which of the links' messages the hub is told, under which `ref`, and which links hear what it says.
 * Performs nothing: what is due is in `up` and `down`.
 *
 * Of a topic, the hub knows one subscription, and every link has a cursor. At most one subscribe is under way at a time, since the hub
 * answers only the last; who joins meanwhile waits. What has its place at the cursor of now is joined without asking.
 */

import { ERRORS } from "../../errors.ts";
import type { CloseCause } from "../../link.ts";
import type {
  ClientMessage,
  Failed,
  GapMessage,
  Hello,
  Notified,
  Position,
  ServerMessage,
  Skip,
  Subscribe,
  Subscribed,
  Welcome,
} from "../../protocol/messages.ts";
import { hasPresence } from "../../protocol/topics.ts";
import type { Delivery, Heard, LinkId } from "./tab-messages.ts";

interface Topic {
  /** Where the trunk stands: what comes next has the offset after it. Undefined until the hub has answered, and after it has ended it. */
  head: Position | undefined;
  /** Something may have been lost on the way here: only the hub knows what follows `head`. */
  doubtful: boolean;
  /** The subscribe under way, and whose it is; `ref` is the trunk's. */
  asked: { readonly ref: number; readonly link: LinkId; readonly position: Position | undefined } | undefined;
  /** The last offset that each joined link was given. */
  readonly cursors: Map<LinkId, number>;
  /** Who wants to join, and how. */
  readonly waiting: Map<LinkId, Subscribe>;
}

export class Router {
  /** What the hub is to be told. Whoever takes it empties it. */
  readonly up: ClientMessage[] = [];
  /** What links are to hear. */
  readonly down: Delivery[] = [];
  /** Whether links with other tokens may share. */
  readonly #anyToken: boolean;
  readonly #links: Set<LinkId> = new Set();
  readonly #topics: Map<string, Topic> = new Map();
  /** Publishes and fresh tokens under way, by the trunk's ref. */
  readonly #commands: Map<number, readonly [link: LinkId, ref: number]> = new Map();
  readonly #greeted: Set<LinkId> = new Set();
  readonly #tokens: Set<string | undefined> = new Set();
  #welcome: Welcome | undefined;
  /** Whose hello, or fresh token, the hub is judging. */
  #judged: LinkId | undefined;
  #ref = 0;

  constructor(anyToken: boolean) {
    this.#anyToken = anyToken;
  }

  /** A link is made. It opens with the trunk, or at once. */
  attach(link: LinkId, open: boolean): void {
    this.#links.add(link);
    if (open) this.#tell({ type: "open" }, link);
  }

  /** The link is gone. */
  detach(link: LinkId): void {
    this.#links.delete(link);
    for (const name of this.#topics.keys()) this.#leave(link, name);
  }

  /** The trunk is open. */
  opened(): void {
    this.#tell({ type: "open" }, ...this.#links);
  }

  /** Something came that could not be understood. */
  malformed(reason: string): void {
    this.#tell({ type: "malformed", reason }, ...this.#links);
  }

  /** The trunk has ended, and with it every link. A refusal is for the one that was judged: the others may have better tokens. */
  closed(cause: CloseCause): void {
    const mine = this.#judged && !ERRORS[cause.code].retryable ? this.#judged : undefined;
    for (const link of this.#links)
      this.#tell({ type: "close", cause: !mine || link === mine ? cause : { code: "link_lost" } }, link);
    this.#links.clear();
  }

  /** A link says something. */
  fromLink(link: LinkId, message: ClientMessage): void {
    switch (message?.type) {
      case "hello":
        return this.#hello(link, message);
      case "subscribe":
        return this.#subscribe(link, message);
      case "unsubscribe":
        this.#leave(link, message.topic);
        return this.#tell({ type: "done", ref: message.ref }, link);
      case "pong":
        // The trunk has answered for all.
        return;
      default:
        this.#forward(link, message);
    }
  }

  /** The hub says something. */
  fromHub(message: ServerMessage): void {
    switch (message.type) {
      case "welcome":
        this.#welcome = message;
        this.#judged = undefined;
        return this.#tell(message, ...this.#greeted);
      case "subscribed":
        return this.#subscribed(message);
      case "acknowledged":
      case "done":
        return this.#answered(message);
      case "error":
        return this.#failed(message);
      case "notification":
      case "skip":
        return this.#moved(message, message.offset);
      case "gap":
        return this.#moved(message, message.position.offset, message.position);
      case "ping":
        this.up.push({ type: "pong" });
        break;
      default:
    }
    const joined = "topic" in message ? this.#topics.get(message.topic)?.cursors.keys() : this.#links;
    if (joined) this.#tell(message, ...joined);
  }

  #tell(what: Heard, ...links: readonly LinkId[]): void {
    if (links.length > 0) this.down.push([what, ...links]);
  }

  #hello(link: LinkId, hello: Hello): void {
    if (this.#greeted.has(link)) return void this.up.push(hello);
    if (!this.#anyToken && this.#tokens.size > 0 && !this.#tokens.has(hello.token)) {
      this.#links.delete(link);
      return this.#tell({ type: "refused" }, link);
    }
    if (this.#greeted.size === 0) {
      this.#judged = link;
      this.up.push(hello);
    }
    this.#greeted.add(link);
    this.#tokens.add(hello.token);
    if (this.#welcome) this.#tell(this.#welcome, link);
  }

  #forward(link: LinkId, message: ClientMessage): void {
    if (message?.type === "token") {
      this.#tokens.add(message.token);
      this.#judged = link;
    }
    if (!message || !("ref" in message)) return void this.up.push(message);
    const ref = ++this.#ref;
    this.#commands.set(ref, [link, message.ref]);
    this.up.push({ ...message, ref });
  }

  #answered(answer: Extract<ServerMessage, { readonly ref?: number }>): void {
    const [link, ref] = this.#commands.get(answer.ref ?? 0) ?? [];
    this.#commands.delete(answer.ref ?? 0);
    if (link === undefined || ref === undefined) return;
    if (answer.type === "done") this.#judged = undefined;
    this.#tell({ ...answer, ref }, link);
  }

  #subscribe(link: LinkId, message: Subscribe): void {
    // To refuse what makes no sense is the hub's.
    if (!(message.ref > 0) || typeof message.topic !== "string") return void this.up.push(message);
    let topic = this.#topics.get(message.topic);
    if (!topic) {
      topic = { head: undefined, doubtful: false, asked: undefined, cursors: new Map(), waiting: new Map() };
      this.#topics.set(message.topic, topic);
    }
    // Who joins again has found that something is missing.
    if (topic.cursors.delete(link)) topic.doubtful = true;
    topic.waiting.set(link, message);
    // It has waited for its answer for long enough.
    if (topic.asked?.link === link) topic.asked = undefined;
    if (!topic.asked) this.#join(topic, topic.doubtful || hasPresence(message.topic) ? Infinity : undefined);
  }

  /** Lets those in whose position the trunk will go through, from `least` to where it stands; for the first of the others the hub is asked. */
  #join(topic: Topic, least: number = topic.head?.offset ?? 0): void {
    const { head, waiting, cursors } = topic;
    for (const [link, message] of waiting) {
      const position = message.position ?? head;
      if (
        head &&
        position?.epoch === head.epoch &&
        position.offset >= least &&
        position.offset <= head.offset
      ) {
        waiting.delete(link);
        cursors.set(link, position.offset);
        this.#tell({ type: "subscribed", ref: message.ref, topic: message.topic, position }, link);
      } else if (!topic.asked) {
        const ref = ++this.#ref;
        topic.asked = { ref, link, position };
        this.up.push({ ...message, ref, position });
      }
    }
  }

  #subscribed({ ref, topic: name, position, gap }: Subscribed): void {
    const topic = this.#topics.get(name);
    if (!topic?.asked || topic.asked.ref !== ref) return;
    const { head, waiting, cursors, asked } = topic;
    const goesOn = head?.epoch === position.epoch;
    topic.asked = undefined;
    topic.doubtful = false;
    topic.head = goesOn && !gap && head.offset > position.offset ? head : position;
    for (const [link, cursor] of cursors) {
      // What came while the hub was asked is in the replay; without one it is lost to those who did not ask.
      if (goesOn && (!gap || cursor >= position.offset)) continue;
      cursors.delete(link);
      this.#tell({ type: "head", topic: name, position }, link);
    }
    for (const [link, message] of gap ? waiting : []) {
      if (!same(message.position, asked.position)) continue;
      waiting.delete(link);
      cursors.set(link, position.offset);
      this.#tell({ type: "subscribed", ref: message.ref, topic: name, position, gap } as Subscribed, link);
    }
    this.#join(topic, position.offset);
  }

  #failed(failed: Failed): void {
    const { ref, topic: ended = "", code } = failed;
    if (ref === undefined) {
      const topic = this.#topics.get(ended);
      this.#tell(failed, ...(topic ? topic.cursors.keys() : this.#links));
      if (topic) topic.head = undefined;
      return topic?.cursors.clear();
    }
    const found = Array.from(this.#topics).find(([, { asked }]) => asked?.ref === ref);
    if (!found) return this.#answered(failed);
    const [name, topic] = found;
    const { asked, cursors, waiting, head } = topic;
    const message = waiting.get(asked?.link ?? "");
    topic.asked = undefined;
    if (message && asked) {
      waiting.delete(asked.link);
      this.#tell({ ...failed, ref: message.ref }, asked.link);
    }
    // Over its rate the hub looks at nothing, and what was goes on. Any other refusal has ended it, and the others have to ask for themselves.
    if (head && code !== "rate_limited") {
      const position = { epoch: head.epoch, offset: head.offset + 1 };
      this.#tell({ type: "head", topic: name, position }, ...cursors.keys());
      cursors.clear();
      topic.head = undefined;
    }
    if (cursors.size + waiting.size === 0) this.#topics.delete(name);
    else this.#join(topic, Infinity);
  }

  /** The trunk has moved to `offset`, and the links that are behind it move, too. Offset 0 has no place, and moves nobody. */
  #moved(message: Notified | Skip | GapMessage, offset: number, to?: Position): void {
    const topic = this.#topics.get(message.topic);
    if (!topic?.head) return;
    const { cursors, head } = topic;
    const anew = to !== undefined && to.epoch !== head.epoch;
    const volatile = offset === 0 && !to;
    const links = Array.from(cursors.keys()).filter(
      (link) => volatile || anew || (cursors.get(link) ?? 0) < offset,
    );
    if (!volatile) for (const link of links) cursors.set(link, offset);
    if (anew || offset > head.offset) topic.head = to ?? { epoch: head.epoch, offset };
    this.#tell(message, ...links);
  }

  #leave(link: LinkId, name: string): void {
    const topic = this.#topics.get(name);
    if (!topic) return;
    topic.cursors.delete(link);
    topic.waiting.delete(link);
    if (topic.cursors.size + topic.waiting.size > 0) return;
    this.#topics.delete(name);
    this.up.push({ type: "unsubscribe", ref: ++this.#ref, topic: name });
  }
}

function same(a: Position | undefined, b: Position | undefined): boolean {
  return a?.epoch === b?.epoch && a?.offset === b?.offset;
}
