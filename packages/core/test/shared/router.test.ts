/**
 * The router between many links and one upstream: by hand, and against a hub that follows
 * PROTOCOL.md.
 */

import type { Position } from "@bellwire/core";
import type { ClientMessage, ServerMessage } from "@bellwire/core/adapter";
import { describe, expect, it } from "vitest";
import { createRouter, type Router } from "../../src/client/shared/router.ts";
import type { Heard } from "../../src/client/shared/tab-messages.ts";

const NEWS = "news.sport";
const at = (offset: number, epoch = "e"): Position => ({ epoch, offset });
const note = (offset: number): ServerMessage => ({
  type: "notification",
  topic: NEWS,
  event: "said",
  data: offset,
  offset,
  time: 0,
});
const WELCOME: ServerMessage = { type: "welcome", idleTimeout: 1_000, maxMessageBytes: 1_000 };

/** A router, what it has told the hub, and what each link has heard. */
class Desk {
  readonly router: Router = createRouter();
  readonly #heard: Map<string, Heard[]> = new Map();

  /** Links that are open and welcome. */
  static of(...links: readonly string[]): Desk {
    const desk = new Desk();
    for (const link of links) desk.router.attach(link);
    desk.router.hear({ type: "open" });
    for (const link of links) desk.router.send(link, { type: "hello", protocol: 1, session: link });
    desk.router.hear(WELCOME);
    desk.up();
    for (const link of links) desk.heard(link);
    return desk;
  }

  /** The messages to the hub since the last call. */
  up(): ClientMessage[] {
    return this.router.up.splice(0);
  }

  /** The messages to the link since the last call. */
  heard(link: string): Heard[] {
    for (const [what, ...links] of this.router.down.splice(0))
      for (const to of links) this.#heard.set(to, [...(this.#heard.get(to) ?? []), what]);
    const heard = this.#heard.get(link) ?? [];
    this.#heard.delete(link);
    return heard;
  }

  subscribe(link: string, ref: number, position?: Position, topic = NEWS): void {
    this.router.send(link, { type: "subscribe", ref, topic, position });
  }

  /** Answers the one subscribe that the hub was asked for. */
  answer(position: Position, gap?: "evicted" | "epoch", topic = NEWS): void {
    const [asked, ...more] = this.up();
    if (asked?.type !== "subscribe" || more.length > 0) throw new Error("not one subscribe");
    this.router.hear({ type: "subscribed", ref: asked.ref, topic, position, ...(gap && { gap }) });
  }

  hub(...messages: readonly ServerMessage[]): void {
    for (const message of messages) this.router.hear(message);
  }
}

describe("the upstream", () => {
  it("is greeted once; later links are welcomed with the hub's first answer", () => {
    const desk = new Desk();
    desk.router.attach("a");
    expect(desk.heard("a")).toEqual([]);
    desk.router.hear({ type: "open" });
    desk.router.attach("b");
    const hello = { type: "hello", protocol: 1, session: "s" } as const;
    for (const link of ["a", "b"]) desk.router.send(link, hello);
    expect(desk.up()).toEqual([hello]);
    desk.hub(WELCOME);
    desk.router.attach("c");
    desk.router.send("c", hello);
    for (const link of ["a", "b", "c"]) expect(desk.heard(link)).toEqual([{ type: "open" }, WELCOME]);
    expect(desk.up()).toEqual([]);
  });

  it("reports a refused hello to its link, and tells the others that they may try their own", () => {
    const desk = new Desk();
    for (const link of ["a", "b"]) desk.router.attach(link);
    for (const link of ["b", "a"]) desk.router.send(link, { type: "hello", protocol: 1, session: "s" });
    desk.router.hear({ type: "close", cause: { code: "unauthorized" } });
    expect(desk.heard("b")).toEqual([{ type: "close", cause: { code: "unauthorized" } }]);
    expect(desk.heard("a")).toEqual([{ type: "close", cause: { code: "link_lost" } }]);
  });

  it.each(["unauthorized", "draining", "link_lost", "normal"] as const)(
    "once welcome, ends every link with %s",
    (code) => {
      const desk = Desk.of("a", "b");
      desk.router.hear({ type: "close", cause: { code, retryAfter: 7 } });
      for (const link of ["a", "b"])
        expect(desk.heard(link)).toEqual([{ type: "close", cause: { code, retryAfter: 7 } }]);
    },
  );

  it.each<ServerMessage>([
    { type: "expiring", in: 5 },
    { type: "ping" },
    { type: "pong" },
    { type: "bye", code: "draining" },
    { type: "error", code: "malformed", message: "about the link" },
  ])("passes messages about the link to all links: $type", (message) => {
    const desk = Desk.of("a", "b");
    desk.hub(message);
    for (const link of ["a", "b"]) expect(desk.heard(link)).toEqual([message]);
  });
});

describe("commands", () => {
  it("are answered to the link that gave them, under its own ref, and to no other", () => {
    const desk = Desk.of("a", "b");
    const publish = { type: "publish", topic: NEWS, event: "said", data: 1, id: "x" } as const;
    desk.router.send("a", { ...publish, ref: 7 });
    desk.router.send("b", { ...publish, ref: 7 });
    desk.router.send("b", { type: "token", ref: 8, token: "t" });
    const refs = desk.up().map((message) => ("ref" in message ? message.ref : 0));
    expect(new Set(refs).size).toBe(3);
    const [first = 0, second = 0, third = 0] = refs;
    desk.hub(
      { type: "error", ref: second, code: "forbidden", message: "no" },
      { type: "acknowledged", ref: first, position: at(1) },
      { type: "done", ref: third },
      { type: "done", ref: 99 },
    );
    expect(desk.heard("a")).toEqual([{ type: "acknowledged", ref: 7, position: at(1) }]);
    expect(desk.heard("b")).toEqual([
      { type: "error", ref: 7, code: "forbidden", message: "no" },
      { type: "done", ref: 8 },
    ]);
  });
});

describe("a topic", () => {
  it("is subscribed to once for all that join where it stands", () => {
    const desk = Desk.of("a", "b", "c");
    desk.subscribe("a", 1);
    desk.subscribe("b", 2);
    desk.subscribe("c", 3, at(5));
    desk.answer(at(5));
    for (const [link, ref] of [
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ] as const)
      expect(desk.heard(link)).toEqual([{ type: "subscribed", ref, topic: NEWS, position: at(5) }]);
    expect(desk.up()).toEqual([]);
  });

  it("is asked for again when a link has missed something, and goes on for the others", () => {
    const desk = Desk.of("a", "b");
    desk.subscribe("a", 1);
    desk.answer(at(5));
    desk.hub(note(6), note(7));
    desk.heard("a");
    desk.subscribe("b", 1, at(5));
    expect(desk.heard("b")).toEqual([]);
    desk.answer(at(5));
    desk.hub(note(6), note(7), note(8));
    // Its channel drops the duplicates.
    expect(desk.heard("a")).toEqual([note(6), note(7), note(8)]);
    expect(desk.heard("b")).toEqual([
      { type: "subscribed", ref: 1, topic: NEWS, position: at(5) },
      note(6),
      note(7),
      note(8),
    ]);
  });

  it("goes on from where the others are for a link that joins during a replay", () => {
    const desk = Desk.of("a", "b", "c");
    desk.subscribe("a", 1);
    desk.answer(at(7));
    desk.subscribe("b", 1, at(5));
    desk.answer(at(5));
    desk.hub(note(6));
    desk.subscribe("c", 1);
    desk.hub(note(7), note(8));
    expect(desk.heard("c")).toEqual([
      { type: "subscribed", ref: 1, topic: NEWS, position: at(7) },
      note(7),
      note(8),
    ]);
  });

  it("asks the hub about a position from the future", () => {
    const desk = Desk.of("a", "b");
    desk.subscribe("a", 1);
    desk.answer(at(5));
    desk.subscribe("b", 1, at(500));
    desk.answer(at(5), "epoch");
    expect(desk.heard("b")).toEqual([
      { type: "subscribed", ref: 1, topic: NEWS, position: at(5), gap: "epoch" },
    ]);
  });

  it("gives a gap to all links that asked for the same position, and sends back those that lost something by it", () => {
    const desk = Desk.of("a", "b", "c", "d");
    desk.subscribe("d", 1);
    desk.answer(at(8));
    desk.subscribe("a", 1);
    desk.hub(note(9));
    desk.heard("a");
    desk.heard("d");
    desk.subscribe("b", 2, at(1));
    desk.subscribe("c", 3, at(1));
    desk.answer(at(12), "evicted");
    for (const [link, ref] of [
      ["b", 2],
      ["c", 3],
    ] as const)
      expect(desk.heard(link)).toEqual([
        { type: "subscribed", ref, topic: NEWS, position: at(12), gap: "evicted" },
      ]);
    for (const link of ["a", "d"])
      expect(desk.heard(link)).toEqual([{ type: "head", topic: NEWS, position: at(12) }]);
    // They come back with their own cursor, and miss nothing.
    desk.subscribe("a", 4, at(9));
    desk.answer(at(9));
    desk.hub(note(10), note(11), note(12), note(13));
    expect(desk.heard("a").slice(1)).toEqual([note(10), note(11), note(12), note(13)]);
    expect(desk.heard("b").at(-1)).toEqual(note(13));
  });

  it("sends all links back when it was renumbered", () => {
    const desk = Desk.of("a", "b");
    desk.subscribe("a", 1);
    desk.answer(at(8));
    desk.heard("a");
    desk.subscribe("b", 1, at(3));
    desk.answer(at(2, "f"), "epoch");
    expect(desk.heard("a")).toEqual([{ type: "head", topic: NEWS, position: at(2, "f") }]);
    desk.subscribe("a", 2, at(8));
    expect(desk.up()).toMatchObject([{ type: "subscribe", position: at(8) }]);
  });

  it("asks the hub for a link that joins again: it has found that something is missing", () => {
    const desk = Desk.of("a");
    desk.subscribe("a", 1);
    desk.answer(at(5));
    desk.subscribe("a", 2, at(5));
    expect(desk.up()).toMatchObject([{ type: "subscribe", position: at(5) }]);
  });

  it("asks once more for a link that has waited long enough", () => {
    const desk = Desk.of("a");
    desk.subscribe("a", 1);
    desk.up();
    desk.subscribe("a", 2);
    desk.answer(at(5));
    expect(desk.heard("a")).toEqual([{ type: "subscribed", ref: 2, topic: NEWS, position: at(5) }]);
  });

  it("is joined where it stands also while the hub is asked on behalf of another", () => {
    const desk = Desk.of("a", "b", "c");
    desk.subscribe("a", 1);
    desk.answer(at(7));
    desk.subscribe("b", 1, at(5));
    desk.subscribe("c", 1);
    expect(desk.heard("c")).toEqual([{ type: "subscribed", ref: 1, topic: NEWS, position: at(7) }]);
    desk.answer(at(5));
    desk.hub(note(6), note(7), note(8));
    expect(desk.heard("c").at(-1)).toEqual(note(8));
  });

  it("that was left and joined again ignores the hub's refusal of the first subscribe", () => {
    const desk = Desk.of("a");
    desk.subscribe("a", 1);
    const [first] = desk.up();
    desk.router.send("a", { type: "unsubscribe", ref: 2, topic: NEWS });
    desk.up();
    desk.subscribe("a", 3);
    desk.hub({
      type: "error",
      ref: first && "ref" in first ? first.ref : 0,
      code: "internal",
      message: "no",
    });
    desk.answer(at(5));
    desk.hub(note(6));
    expect(desk.heard("a")).toEqual([
      { type: "done", ref: 2 },
      { type: "subscribed", ref: 3, topic: NEWS, position: at(5) },
      note(6),
    ]);
  });

  it("is left when the last link leaves, and not before", () => {
    const desk = Desk.of("a", "b");
    desk.subscribe("a", 1);
    desk.answer(at(5));
    desk.subscribe("b", 1);
    desk.heard("a");
    desk.router.send("a", { type: "unsubscribe", ref: 2, topic: NEWS });
    expect(desk.heard("a")).toEqual([{ type: "done", ref: 2 }]);
    desk.hub(note(6));
    expect(desk.heard("a")).toEqual([]);
    expect(desk.up()).toEqual([]);
    desk.router.detach("b");
    expect(desk.up()).toMatchObject([{ type: "unsubscribe", topic: NEWS }]);
    desk.router.detach("b");
    expect(desk.up()).toEqual([]);
  });

  it("always asks the hub for a topic with presence, whose members come after the answer", () => {
    const desk = Desk.of("a", "b");
    const room = "presence-room.x";
    desk.subscribe("a", 1, undefined, room);
    desk.answer(at(5), undefined, room);
    const members = { type: "members", topic: room, members: [], count: 0 } as const;
    desk.hub(members);
    desk.subscribe("b", 1, undefined, room);
    desk.answer(at(5), undefined, room);
    desk.hub(members);
    expect(desk.heard("b")).toEqual([{ type: "subscribed", ref: 1, topic: room, position: at(5) }, members]);
  });

  it.each<{ readonly moved: ServerMessage; readonly to: Position }>([
    { moved: note(6), to: at(6) },
    { moved: note(0), to: at(5) },
    { moved: { type: "skip", topic: NEWS, offset: 9 }, to: at(9) },
    { moved: { type: "skip", topic: NEWS, offset: 4 }, to: at(5) },
    { moved: { type: "gap", topic: NEWS, position: at(9), reason: "overflow" }, to: at(9) },
    { moved: { type: "gap", topic: NEWS, position: at(4), reason: "overflow" }, to: at(5) },
    { moved: { type: "gap", topic: NEWS, position: at(2, "f"), reason: "epoch" }, to: at(2, "f") },
    { moved: { type: "head", topic: NEWS, position: at(9) }, to: at(5) },
  ])("stands at $to.epoch/$to.offset after $moved.type, for a link that joins then", ({ moved, to }) => {
    const desk = Desk.of("a", "b");
    desk.subscribe("a", 1);
    desk.answer(at(5));
    desk.heard("a");
    desk.hub(moved);
    expect(desk.heard("a")).toEqual([moved]);
    desk.subscribe("b", 1);
    expect(desk.heard("b")).toEqual([{ type: "subscribed", ref: 1, topic: NEWS, position: to }]);
  });

  it("that the hub ends is ended for all links that subscribe", () => {
    const desk = Desk.of("a", "b", "c");
    desk.subscribe("a", 1);
    desk.answer(at(5));
    desk.subscribe("b", 1);
    desk.heard("a");
    desk.heard("b");
    const ended: ServerMessage = { type: "error", topic: NEWS, code: "forbidden", message: "ended" };
    desk.hub(ended);
    for (const link of ["a", "b"]) expect(desk.heard(link)).toEqual([ended]);
    expect(desk.heard("c")).toEqual([]);
    desk.subscribe("c", 1);
    expect(desk.up()).toMatchObject([{ type: "subscribe" }]);
  });

  it.each([
    { code: "rate_limited", others: "go on" },
    { code: "internal", others: "join again" },
  ] as const)("of which a subscribe is refused with $code: the others $others", ({ code }) => {
    const desk = Desk.of("a", "b");
    desk.subscribe("a", 1);
    desk.answer(at(5));
    desk.heard("a");
    desk.subscribe("b", 7, at(1));
    const [asked] = desk.up();
    const ref = asked && "ref" in asked ? asked.ref : 0;
    desk.hub({ type: "error", ref, code, message: "no" }, note(6));
    expect(desk.heard("b")).toEqual([{ type: "error", ref: 7, code, message: "no" }]);
    const head = { type: "head", topic: NEWS, position: at(6) };
    expect(desk.heard("a")).toEqual(code === "rate_limited" ? [note(6)] : [head, note(6)]);
    desk.subscribe("a", 2, at(6));
    expect(desk.up().map(({ type }) => type)).toEqual(["subscribe"]);
  });
});
