/**
 * Everything that is due in one tick leaves in one write, each link in its own order, whichever
 * links share messages.
 */
import type { Link, ServerMessage } from "@bellwire/core/adapter";
import { settle, VirtualClock } from "@bellwire/core/conformance";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Subscriber } from "../src/server/audience.ts";
import type { BacklogCaps } from "../src/server/backlog.ts";
import { LinkQueue } from "../src/server/link-queue.ts";
import { control, type Outgoing } from "../src/server/outgoing.ts";
import { Pacer } from "../src/server/pacer.ts";
import { holdsAsync } from "./property.ts";

const CAPS: BacklogCaps = { bytes: 1_048_576, messages: 1_000 };

let numbered = 0;
/** A message unlike any other. */
function item(bytes = 100): Outgoing {
  numbered += 1;
  return { ...control({ type: "done", ref: numbered }), bytes };
}
const items = (count: number): Outgoing[] => Array.from({ length: count }, () => item());

const TOPICS = 3;
type Audience = Map<Link<ServerMessage>, Subscriber>;

/**
 * A link with its queue, and what became of it. As in a hub, one that closes leaves its audiences
 * at once.
 */
class Peer implements Link<ServerMessage> {
  readonly queue: LinkQueue;
  readonly batches: (readonly ServerMessage[])[] = [];
  buffered = 0;
  overruns = 0;
  closed = false;
  /** Called inside of every send. */
  sending: () => void = () => {};

  readonly #pacer: Pacer;
  readonly #audiences: readonly Audience[];

  constructor(pacer: Pacer, audiences: readonly Audience[]) {
    this.#pacer = pacer;
    this.#audiences = audiences;
    this.queue = new LinkQueue(this, pacer, () => {
      this.overruns += 1;
      this.close();
    });
  }

  send(batch: readonly ServerMessage[]): void {
    if (this.closed) expect.fail("sent on a closed link");
    this.batches.push(batch);
    this.sending();
  }

  close(): void {
    this.closed = true;
    this.queue.close();
    for (const audience of this.#audiences) if (audience.has(this)) this.leave(audience);
  }

  join(audience: Audience): void {
    this.#pacer.beforeChange();
    audience.set(this, this.queue);
  }

  leave(audience: Audience): void {
    this.#pacer.beforeChange();
    audience.delete(this);
  }

  get received(): readonly ServerMessage[] {
    return this.batches.flat();
  }
}

/** Peers that are all in the first audience. */
function world(count: number, caps: BacklogCaps = CAPS) {
  const clock = new VirtualClock();
  const pacer = new Pacer(clock, caps);
  const audiences: readonly Audience[] = Array.from({ length: TOPICS }, () => new Map());
  const audience = audiences[0] as Audience;
  const peers = Array.from({ length: count }, () => new Peer(pacer, audiences));
  for (const peer of peers) peer.join(audience);
  return { clock, pacer, peers, audience, audiences };
}
const messagesOf = (due: readonly Outgoing[]): readonly ServerMessage[] => due.map(({ message }) => message);
const only = (count: number): Peer => world(count).peers[0] as Peer;

describe("one tick", () => {
  it("is one write for each link, with everything that is due to it in order", async () => {
    const { pacer, peers, audience } = world(3);
    const [first, second, third, mine] = [item(), item(), item(), item()];
    pacer.fanOut(audience, first);
    peers[1]?.queue.push(mine);
    pacer.fanOut(audience, second);
    pacer.fanOut(audience, third);
    for (const { batches } of peers) expect(batches).toEqual([]);
    await settle();
    expect(peers.map(({ batches }) => batches)).toEqual([
      [messagesOf([first, second, third])],
      [messagesOf([first, mine, second, third])],
      [messagesOf([first, second, third])],
    ]);
  });

  it("hands the same array to all links that are due the same, so that it is encoded once", async () => {
    const { pacer, peers, audience } = world(3);
    for (const due of items(3)) pacer.fanOut(audience, due);
    await settle();
    expect(new Set(peers.map(({ batches }) => batches[0])).size).toBe(1);
    const [pushed] = items(1) as [Outgoing];
    for (const { queue } of peers) queue.push(pushed);
    await settle();
    expect(new Set(peers.map(({ batches }) => batches[1])).size).toBe(1);
    // Also when somebody is due something else, which ends what they have in common.
    const [common, mine] = [item(), item()];
    peers[0]?.queue.push(mine);
    pacer.fanOut(audience, common);
    await settle();
    expect(new Set(peers.map(({ batches }) => batches[2])).size).toBe(2);
    expect(peers[1]?.batches[2]).toBe(peers[2]?.batches[2]);
  });

  it("holds at most 256 messages or 64 KiB for a link, and sends what is over that early", async () => {
    for (const share of [true, false]) {
      const { pacer, peers, audience } = world(2);
      const push = (due: Outgoing): void =>
        share ? pacer.fanOut(audience, due) : peers.forEach(({ queue }) => queue.push(due));
      for (const due of items(600)) push(due);
      expect(peers.map(({ batches }) => batches.map(({ length }) => length))).toEqual([
        [256, 256],
        [256, 256],
      ]);
      for (let n = 0; n < 3; n++) push(item(30_000));
      await settle();
      expect(peers[0]?.batches.map(({ length }) => length)).toEqual([256, 256, 90, 1]);
      expect(peers[0]?.received).toEqual(peers[1]?.received);
    }
  });

  it("keeps each link's order where two topics share some of their subscribers", async () => {
    const { pacer, peers, audiences } = world(3);
    const [one, two] = audiences as [Audience, Audience];
    peers[2]?.leave(one);
    for (const peer of peers.slice(1)) peer.join(two);
    const due = items(4);
    for (const [index, next] of due.entries()) pacer.fanOut(index % 2 === 0 ? one : two, next);
    await settle();
    expect(peers.map(({ batches }) => batches)).toEqual([
      [messagesOf([due[0], due[2]] as Outgoing[])],
      [messagesOf(due)],
      [messagesOf([due[1], due[3]] as Outgoing[])],
    ]);
  });

  it("sends what is due at once when it is flushed, what an audience shares included", () => {
    const { pacer, peers, audience } = world(2);
    const due = items(3);
    pacer.fanOut(audience, due[0] as Outgoing);
    peers[0]?.queue.flush();
    expect(peers.map(({ received }) => received.length)).toEqual([1, 0]);
    pacer.fanOut(audience, due[1] as Outgoing);
    peers[0]?.queue.push(due[2] as Outgoing);
    peers[0]?.queue.flush();
    expect(peers[0]?.received).toEqual(messagesOf(due));
    expect(peers[1]?.received).toEqual([]);
  });

  it("is forgotten once it was sent", async () => {
    const { pacer, audience } = world(2);
    const { root } = pacer;
    pacer.fanOut(audience, item());
    await settle();
    expect(pacer.root).not.toBe(root);
    expect(pacer.root.count).toBe(0);
  });
});

describe("a slow link", () => {
  it("gets nothing while more than a quarter of its cap is in its own buffer, and then everything, in order", async () => {
    const { clock, pacer, peers, audience } = world(2);
    const [slow, quick] = peers as [Peer, Peer];
    slow.buffered = CAPS.bytes / 4 + 1;
    const due = items(3);
    for (const next of due) {
      pacer.fanOut(audience, next);
      await settle();
    }
    expect([slow.batches.length, quick.batches.length]).toEqual([0, 3]);
    expect(slow.queue.empty).toBe(false);
    expect(clock.pending).toBe(1);
    slow.buffered = CAPS.bytes / 4;
    // Messages that come before the next look must not overtake those that are held back.
    const late = item();
    slow.queue.push(late);
    await settle();
    expect(slow.received).toEqual([]);
    await clock.advance(10);
    expect(slow.received).toEqual(messagesOf([...due, late]));
    slow.buffered = 0;
    expect(slow.queue.empty).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it("gets what was held back in writes of at most 64 KiB, as long as it takes them", async () => {
    const { clock, peers } = world(1);
    const [slow] = peers as [Peer];
    slow.buffered = CAPS.bytes / 2;
    for (let n = 0; n < 10; n++) slow.queue.push(item(30_000));
    slow.queue.flush();
    slow.sending = () => (slow.buffered += 150_000);
    slow.buffered = 0;
    await clock.advance(10);
    // Full after the second write: the rest waits for the next look.
    expect(slow.batches.map(({ length }) => length)).toEqual([2, 2]);
    slow.buffered = 0;
    slow.sending = () => {};
    await clock.advance(10);
    expect(slow.batches.map(({ length }) => length)).toEqual([2, 2, 2, 2, 2]);
  });

  it("is given up when it would have to be kept more than the cap, and sent nothing after that", async () => {
    const { clock, pacer, peers, audience } = world(2, { bytes: 1_000, messages: 5 });
    const [slow, quick] = peers as [Peer, Peer];
    slow.buffered = 900;
    for (let n = 0; n < 8; n++) {
      pacer.fanOut(audience, item());
      await settle();
    }
    slow.buffered = 0;
    await clock.advance(50);
    expect([slow.overruns, slow.batches.length, quick.batches.length]).toEqual([1, 0, 8]);
    expect(clock.pending).toBe(0);
  });
});

describe("a link that closes", () => {
  it("is sent nothing of what it was due, and its neighbours everything", async () => {
    const { pacer, peers, audience } = world(3);
    const due = items(2);
    pacer.fanOut(audience, due[0] as Outgoing);
    peers[1]?.close();
    pacer.beforeChange();
    audience.delete(peers[1] as Peer);
    pacer.fanOut(audience, due[1] as Outgoing);
    await settle();
    expect(peers.map(({ received }) => received)).toEqual([messagesOf(due), [], messagesOf(due)]);
    expect(peers[1]?.queue.empty).toBe(true);
  });

  it.each(["shared", "pushed"])("inside of a send disturbs nobody, when the batch is %s", async (how) => {
    const { pacer, peers, audience } = world(3);
    const [first, second, third] = peers as [Peer, Peer, Peer];
    // The first to be sent to takes itself and the next one with it.
    first.sending = () => {
      for (const peer of [first, second]) {
        peer.close();
        pacer.beforeChange();
        audience.delete(peer);
      }
    };
    const due = items(3);
    for (const next of due) {
      if (how === "shared") pacer.fanOut(audience, next);
      else for (const { queue } of peers) queue.push(next);
    }
    await settle();
    pacer.fanOut(audience, item());
    await settle();
    expect(first.received).toEqual(messagesOf(due));
    expect(second.received).toEqual([]);
    expect(third.received).toHaveLength(4);
  });

  it("inside of a send of what was held back is sent no more of it", async () => {
    const { clock, peers } = world(1);
    const [slow] = peers as [Peer];
    slow.buffered = CAPS.bytes / 2;
    for (let n = 0; n < 5; n++) slow.queue.push(item(50_000));
    slow.queue.flush();
    slow.sending = () => slow.close();
    slow.buffered = 0;
    await clock.advance(100);
    expect(slow.batches).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it("takes no message any more", async () => {
    const peer = only(1);
    peer.queue.push(item());
    peer.close();
    peer.queue.push(item());
    peer.queue.flush();
    await settle();
    expect(peer.batches).toEqual([]);
  });
});

type Act =
  | { readonly do: "fanOut"; readonly topic: number; readonly count: number }
  | { readonly do: "push" | "flush" | "close" | "closeInSend"; readonly peer: number }
  | { readonly do: "join" | "leave"; readonly topic: number; readonly peer: number }
  | { readonly do: "fill" | "empty"; readonly peer: number }
  | { readonly do: "tick" }
  | { readonly do: "look" };

const PEERS = 5;
const anyPeer = fc.nat(PEERS - 1);
const anyTopic = fc.nat(TOPICS - 1);
const anyAct: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("fanOut" as const),
      topic: anyTopic,
      count: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 4 }) }, fc.constant(257)),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("push" as const), peer: anyPeer }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("join" as const), topic: anyTopic, peer: anyPeer }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("leave" as const), topic: anyTopic, peer: anyPeer }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("flush" as const), peer: anyPeer }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom("fill" as const, "empty" as const), peer: anyPeer }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom("close" as const, "closeInSend" as const), peer: anyPeer }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom("tick" as const, "tick" as const, "look" as const) }),
  },
);

it("gives every link what it is due in its order, once, in one write a tick, in whatever order things happen", async () => {
  await holdsAsync(
    fc.asyncProperty(fc.array(anyAct, { maxLength: 60 }), async (acts) => {
      const { clock, pacer, peers, audiences: topics } = world(PEERS, { bytes: 1e9, messages: 1e6 });
      for (const peer of peers) peer.leave(topics[0] as Audience);
      /** The messages that each link is due, in its order. */
      const due = peers.map((): ServerMessage[] => []);
      const early = peers.map(() => 0);
      let sent = peers.map(() => 0);
      const owe = (index: number, { message }: Outgoing): void => {
        if (!peers[index]?.closed) due[index]?.push(message);
      };
      const tick = async (): Promise<void> => {
        await settle();
        for (const [index, { batches, buffered, queue }] of peers.entries()) {
          const writes = batches.length - (sent[index] ?? 0);
          // One, and those that went early: full batches and explicit flushes.
          if (buffered === 0 && queue.empty) expect(writes).toBeLessThanOrEqual(1 + (early[index] ?? 0));
          early[index] = 0;
        }
        sent = peers.map(({ batches }) => batches.length);
      };
      const publish = (topic: Audience, count: number): void => {
        for (const next of items(count)) {
          for (const [index, peer] of peers.entries()) if (topic.has(peer)) owe(index, next);
          pacer.fanOut(topic, next);
        }
        if (count > 256) for (const index of peers.keys()) early[index] = (early[index] ?? 0) + 2;
      };
      const move = (
        peer: (typeof peers)[number],
        index: number,
        act: Exclude<Act["do"], "fanOut" | "join" | "leave" | "tick" | "look">,
      ): void => {
        switch (act) {
          case "push": {
            const next = item();
            owe(index, next);
            return peer.queue.push(next);
          }
          case "flush":
            peer.queue.flush();
            early[index] = (early[index] ?? 0) + 1;
            return undefined;
          case "closeInSend":
            peer.sending = () => peer.close();
            return undefined;
          case "close":
            return peer.close();
          default:
            peer.buffered = act === "fill" ? 1e9 / 2 : 0;
        }
      };
      const look = async (): Promise<void> => {
        await tick();
        await clock.advance(10);
        sent = peers.map(({ batches }) => batches.length);
      };
      const perform = async (act: Act): Promise<void> => {
        if (act.do === "tick") return tick();
        if (act.do === "look") return look();
        if (act.do === "fanOut") return publish(topics[act.topic] as Audience, act.count);
        const peer = peers[act.peer] as (typeof peers)[number];
        if (!("topic" in act)) return move(peer, act.peer, act.do);
        if (!peer.closed) peer[act.do](topics[act.topic] as Audience);
      };
      for (const act of acts) await perform(act);
      for (const peer of peers) peer.buffered = 0;
      await tick();
      await clock.advance(20);
      for (const [index, peer] of peers.entries()) {
        const owed = due[index] ?? [];
        // One that closed got what it was due until then, and nothing else.
        if (peer.closed) expect(peer.received).toEqual(owed.slice(0, peer.received.length));
        else expect(peer.received).toEqual(owed);
      }
      expect(clock.pending).toBe(0);
    }),
    400,
  );
});
