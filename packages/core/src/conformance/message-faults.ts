/**
 * Faults at the seam: whole messages that are dropped, doubled, delayed or swapped, and links that are cut, whatever the wire.
 * A wire inside the process has no bytes to hurt; this is what the kit does to it instead.
 */
import type { Link, LinkObserver, Transport } from "../link.ts";
import type { CloseCause } from "../protocol/close-codes.ts";
import type { ClientMessage, ServerMessage } from "../protocol/messages.ts";
import type { LinkAcceptor } from "../server/acceptor.ts";
import type { Handshake } from "../server/handshake.ts";

/** What happens to some messages of one type. The types of the two directions differ, so a type says the direction too. */
export interface MessageRule {
  readonly type: ClientMessage["type"] | ServerMessage["type"];
  /** The first message of the type that is hit, from 1, counted over all links that share the rules. */
  readonly nth: number;
  /** After the first, every so manieth. Default: only the first. */
  readonly every?: number | undefined;
  /**
   * `swap` holds the message until the next one of the same direction has passed; `delay` holds it, and everything after it in
   * the same direction, for `ms`; `cut` ends the link, the message with it.
   */
  readonly fault: "drop" | "double" | "swap" | "delay" | "cut";
  /** For `delay`, in milliseconds. Default: 50. */
  readonly ms?: number | undefined;
}

/** A transport whose links suffer; see {@link faultyTransport}. */
export interface FaultyTransport extends Transport {
  /** Ends every link of this transport with `link_lost`, at once and on both ends; what was under way is lost. */
  cutAll(): void;
  /** Whether new links are lost before they open. */
  refuse(refusing: boolean): void;
}

/** Wraps the client's end of a wire. The rules may be an array that is changed while the run goes on. */
export function faultyTransport(transport: Transport, rules: readonly MessageRule[] = []): FaultyTransport {
  const hits = hitCounter(rules);
  const cuts = new Set<() => void>();
  let refusing = false;
  return {
    name: transport.name,
    capabilities: transport.capabilities,
    connect(observer) {
      if (refusing) return refusedLink(observer);
      let over = false;
      const end = (cause: CloseCause): void => {
        if (over) return;
        over = true;
        cuts.delete(cut);
        observer.close(cause);
      };
      const cut = (): void => {
        link.close({ code: "link_lost" });
        end({ code: "link_lost", reason: "cut" });
      };
      const pass = (message: ServerMessage): void => {
        if (!over) observer.message(message);
      };
      const down = stream(hits, pass, cut);
      const link = transport.connect({
        open() {
          if (!over) observer.open();
        },
        message: down,
        malformed(reason) {
          if (!over) observer.malformed(reason);
        },
        close: end,
      });
      if (!over) cuts.add(cut);
      return faultyLink(link, hits, () => over, cut);
    },
    cutAll() {
      for (const cut of cuts) cut();
    },
    refuse(value) {
      refusing = value;
    },
  };
}

/** Wraps the hub's end of a wire: what an adapter is given instead of the hub. */
export function faultyAcceptor(hub: LinkAcceptor, rules: readonly MessageRule[] = []): LinkAcceptor {
  const hits = hitCounter(rules);
  return {
    maxMessageBytes: hub.maxMessageBytes,
    refusal: () => hub.refusal(),
    refused: (cause, transport) => hub.refused(cause, transport),
    onClose: (callback) => hub.onClose(callback),
    accept(link: Link<ServerMessage>, handshake: Handshake): LinkObserver<ClientMessage> {
      let over = false;
      const cut = (): void => link.close({ code: "link_lost" });
      const observer = hub.accept(
        faultyLink(link, hits, () => over, cut),
        handshake,
      );
      let size: number | undefined;
      const pass = (message: ClientMessage): void => {
        if (!over) observer.message(message, size);
      };
      const up = stream(hits, pass, cut);
      return {
        open: () => observer.open(),
        message(message, bytes) {
          size = bytes;
          up(message);
        },
        malformed: (reason) => observer.malformed(reason),
        close(cause) {
          over = true;
          observer.close(cause);
        },
      };
    },
  };
}

type Message = ClientMessage | ServerMessage;
/** Finds the rule that hits a message. */
interface Hits {
  /** Whether there is any rule at all. */
  readonly some: boolean;
  of(message: Message): MessageRule | undefined;
}

function hitCounter(rules: readonly MessageRule[]): Hits {
  const seen = new Map<string, number>();
  const of = ({ type }: Message): MessageRule | undefined => {
    const count = (seen.get(type) ?? 0) + 1;
    seen.set(type, count);
    return rules.find(
      (rule) =>
        rule.type === type &&
        (count === rule.nth ||
          (rule.every !== undefined && count > rule.nth && (count - rule.nth) % rule.every === 0)),
    );
  };
  return {
    get some() {
      return rules.length > 0;
    },
    of,
  };
}

function faultyLink<Out extends Message>(
  link: Link<Out>,
  hits: Hits,
  over: () => boolean,
  cut: () => void,
): Link<Out> {
  // One message a batch: the array may be shared with links that do not suffer.
  const send = (message: Out): void => {
    if (!over()) link.send([message]);
  };
  const pass = stream(hits, send, cut);
  return {
    get buffered() {
      return link.buffered;
    },
    send(batch) {
      if (hits.some) for (const message of batch) pass(message);
      else if (!over()) link.send(batch);
    },
    close: (cause) => link.close(cause),
  };
}

/** Applies the rules to one direction of one link. */
function stream<M extends Message>(
  hits: Hits,
  pass: (message: M) => void,
  cut: () => void,
): (message: M) => void {
  let swapped: M | undefined;
  let waiting: M[] | undefined;
  const enter = (message: M): void => {
    if (waiting) waiting.push(message);
    else treat(message);
  };
  const treat = (message: M): void => {
    const rule = hits.of(message);
    if (rule?.fault === "drop") return;
    if (rule?.fault === "cut") return cut();
    if (rule?.fault === "swap") {
      if (swapped) pass(swapped);
      swapped = message;
      return;
    }
    if (rule?.fault === "delay") {
      waiting = [];
      setTimeout(() => {
        const held = waiting ?? [];
        waiting = undefined;
        pass(message);
        held.forEach(enter);
      }, rule.ms ?? 50);
      return;
    }
    pass(message);
    if (rule?.fault === "double") pass(message);
    if (!swapped) return;
    pass(swapped);
    swapped = undefined;
  };
  return enter;
}

function refusedLink(observer: LinkObserver<ServerMessage>): Link<ClientMessage> {
  let over = false;
  const end = (cause: CloseCause): void => {
    if (over) return;
    over = true;
    observer.close(cause);
  };
  setTimeout(() => end({ code: "link_lost", reason: "refused" }), 0);
  return { buffered: 0, send() {}, close: end };
}
