/**
 * Faults at the seam, on any transport: whole messages are dropped, doubled, delayed or swapped,
 * and links are cut. The kit uses them where a transport has no bytes to damage.
 */
import type { Link, LinkObserver, Transport } from "../link.ts";
import type { CloseCause } from "../protocol/close-codes.ts";
import type { ClientMessage, ServerMessage } from "../protocol/messages.ts";
import type { LinkAcceptor } from "../server/acceptor.ts";
import type { Handshake } from "../server/handshake.ts";

/** A fault for some messages of one type. No type occurs in both directions. */
export interface MessageRule {
  readonly type: ClientMessage["type"] | ServerMessage["type"];
  /** The first message that is hit, from 1, counted over all links that share the rules. */
  readonly nth: number;
  /** Messages from one hit to the next. Default: only the first is hit. */
  readonly every?: number | undefined;
  /**
   * `swap` holds the message until the next one of the same direction has passed; `delay` holds it,
   * and everything after it in that direction, for `ms`; `cut` loses it and ends the link.
   */
  readonly fault: "drop" | "double" | "swap" | "delay" | "cut";
  /** For `delay`, in milliseconds. Default: 50. */
  readonly ms?: number | undefined;
}

/** A transport with faults on its links; see {@link faultyTransport}. */
export interface FaultyTransport extends Transport {
  /** Ends every link at once, on both ends, with `link_lost`. Messages under way are lost. */
  cutAll(): void;
  /** While `refusing`, new links are lost before they open. */
  refuse(refusing: boolean): void;
}

/** Wraps the client half of a transport. The array of rules may change during the run. */
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

/** Wraps a hub for the server half of a transport. */
export function faultyAcceptor(hub: LinkAcceptor, rules: readonly MessageRule[] = []): LinkAcceptor {
  const hits = hitCounter(rules);
  return {
    peers: hub.peers,
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
  // One message a batch: the given array may be shared with links that have no faults.
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
