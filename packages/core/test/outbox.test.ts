/**
 * Publishes that wait for the hub's acknowledgement: their order, their repetition, and their
 * bound.
 */
import type { BellwireError } from "@bellwire/core";
import type { Publish } from "@bellwire/core/adapter";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Outbox, type Pending } from "../src/client/outbox.ts";
import { holds } from "./property.ts";

const LARGEST = 65_536;

interface Sample extends Pending {
  /** How it ended: `acknowledged`, or the code it was rejected with. */
  ended: string | undefined;
}

function publish(id: string, more: { readonly bytes?: number; readonly volatile?: boolean } = {}): Sample {
  const sample: Sample = {
    message: { type: "publish", topic: "t", event: "e", data: id, id },
    bytes: 100,
    volatile: false,
    ...more,
    ended: undefined,
    resolve: () => void (sample.ended ??= "acknowledged"),
    reject: ({ code }: BellwireError) => void (sample.ended ??= code),
  };
  return sample;
}

/** An outbox on a link that remembers what was sent. */
function linked() {
  const outbox = new Outbox();
  let ref = 0;
  return {
    outbox,
    /** The publishes that go out next. */
    flush: (maxBytes: number = LARGEST): readonly Publish[] =>
      outbox.due(() => {
        ref += 1;
        return ref;
      }, maxBytes),
    add: (...ids: readonly string[]): Sample[] => {
      const samples = ids.map((id) => publish(id));
      for (const sample of samples) outbox.add(sample);
      return samples;
    },
  };
}
const idsOf = (messages: readonly Publish[]): string[] => messages.map(({ id }) => id);

describe("an outbox", () => {
  it("has at most 64 publishes under way, so that a hub which refuses them for their rate refuses no more", () => {
    const { outbox, flush, add } = linked();
    add(...Array.from({ length: 100 }, (_, at) => `p${at}`));
    expect(flush()).toHaveLength(64);
    expect(flush()).toEqual([]);
    outbox.settle(1);
    outbox.settle(2);
    expect(idsOf(flush())).toEqual(["p64", "p65"]);
    outbox.unlink();
    expect(idsOf(flush())).toEqual(Array.from({ length: 64 }, (_, at) => `p${at + 2}`));
  });

  it("sends in the order of publishing, each once on a link, each with a ref of its own", () => {
    const { flush, add } = linked();
    add("a", "b");
    expect(flush().map(({ id, ref }) => [id, ref])).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    expect(flush()).toEqual([]);
    add("c");
    expect(flush().map(({ id, ref }) => [id, ref])).toEqual([["c", 3]]);
  });

  it("sends everything again, in order and under the same ids, after the link was lost", () => {
    const { outbox, flush, add } = linked();
    add("a", "b", "c");
    const first = flush();
    outbox.settle(first[1]?.ref ?? 0)?.resolve({ type: "acknowledged", ref: 2, position: null });
    outbox.unlink();
    add("d");
    expect(idsOf(flush())).toEqual(["a", "c", "d"]);
  });

  it("rejects a volatile publish when the link is lost, and only then", () => {
    const { outbox, flush } = linked();
    const sample = publish("v", { volatile: true });
    outbox.add(sample);
    expect(idsOf(flush())).toEqual(["v"]);
    expect(sample.ended).toBeUndefined();
    outbox.unlink();
    expect(sample.ended).toBe("link_lost");
    expect(flush()).toEqual([]);
  });

  it("sends again from the publish that was refused for a while on, in order, and none before it", () => {
    const { outbox, flush, add } = linked();
    add("a", "b", "c");
    const refs = flush().map(({ ref }) => ref);
    outbox.retry(refs[1] ?? 0);
    // Its followers are refused as well, and their refusals have arrived.
    outbox.retry(refs[2] ?? 0);
    add("d");
    expect(idsOf(flush())).toEqual(["b", "c", "d"]);
    expect(outbox.settle(refs[0] ?? 0)?.message.id).toBe("a");
  });

  it("knows each answer by the ref of this link, and none by an earlier one's or by 0", () => {
    const { outbox, flush, add } = linked();
    add("a");
    const [old] = flush();
    outbox.unlink();
    expect(outbox.settle(old?.ref ?? 0)).toBeUndefined();
    expect(outbox.settle(99)).toBeUndefined();
    const [fresh] = flush();
    expect(outbox.settle(fresh?.ref ?? 0)?.message.id).toBe("a");
    expect(outbox.settle(fresh?.ref ?? 0)).toBeUndefined();
  });

  it("refuses a publish known to be too large, and rejects one that turns out to be; the rest goes on", () => {
    const { outbox, flush, add } = linked();
    expect(() => outbox.add(publish("known", { bytes: LARGEST + 1 }), LARGEST)).toThrow(
      expect.objectContaining({ code: "too_large" }),
    );
    const large = publish("large", { bytes: LARGEST + 1 });
    add("a");
    outbox.add(large);
    add("b");
    expect(idsOf(flush())).toEqual(["a", "b"]);
    expect(large.ended).toBe("too_large");
  });

  it("holds 1,000 publishes and a mebibyte, refuses more with outbox_full, and has room again after answers", () => {
    const many = linked();
    for (let n = 0; n < 1_000; n++) many.add(`${n}`);
    expect(() => many.add("over")).toThrow(expect.objectContaining({ code: "outbox_full" }));
    const [first] = many.flush();
    many.outbox.settle(first?.ref ?? 0);
    expect(() => many.add("fits")).not.toThrow();

    const large = linked();
    for (let n = 0; n < 16; n++) large.outbox.add(publish(`${n}`, { bytes: 65_536 }));
    expect(() => large.outbox.add(publish("over", { bytes: 1 }))).toThrow(
      expect.objectContaining({ code: "outbox_full", retryable: true }),
    );
    const [gone] = large.flush();
    const taken = large.outbox.settle(gone?.ref ?? 0);
    // Given up after its answer came: there is no room to win twice.
    if (taken) large.outbox.remove(taken);
    expect(() => large.outbox.add(publish("over", { bytes: 65_537 }))).toThrow();
    large.outbox.clear({ code: "closed" } as BellwireError);
    expect(() => large.outbox.add(publish("fits", { bytes: 1_048_576 }))).not.toThrow();
  });

  it("gives everything up at once, and sends nothing of it any more", () => {
    const { outbox, flush, add } = linked();
    const samples = add("a", "b");
    flush();
    samples.push(...add("c"));
    outbox.clear({ code: "closed" } as BellwireError);
    expect(samples.map(({ ended }) => ended)).toEqual(["closed", "closed", "closed"]);
    expect(flush()).toEqual([]);
    outbox.unlink();
    expect(flush()).toEqual([]);
  });
});

type Act =
  | { readonly do: "add"; readonly bytes: number; readonly volatile: boolean }
  | { readonly do: "flush" }
  | { readonly do: "unlink" }
  | { readonly do: "answer" | "postpone" | "abort"; readonly pick: number };
const anyAct: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    do: fc.constant("add" as const),
    bytes: fc.constantFrom(10, 10, 10, 60_000, LARGEST + 1),
    volatile: fc.boolean(),
  }),
  fc.record({ do: fc.constantFrom("flush" as const, "flush" as const, "unlink" as const) }),
  fc.record({
    do: fc.constantFrom("answer" as const, "postpone" as const, "abort" as const),
    pick: fc.nat(),
  }),
);

/** A plain list beside the outbox, which every act must leave in agreement. */
class Model {
  readonly #linked = linked();
  /** In the order of publishing; `ref` is that of this link, 0 while the publish is not sent. */
  #entries: { readonly sample: Sample; ref: number }[] = [];
  #ids = 0;

  /** Whether no publish that waits has ended. */
  get isPending(): boolean {
    return this.#entries.every(({ sample }) => sample.ended === undefined);
  }

  perform(act: Act): void {
    switch (act.do) {
      case "add":
        return this.#add(act);
      case "flush":
        return this.#flush();
      case "unlink":
        return this.#unlink();
      default:
        this.#pick(act);
    }
  }

  #pick(act: Extract<Act, { readonly pick: number }>): void {
    const picked = this.#entries[act.pick % this.#entries.length];
    if (act.do === "abort") this.#abort(picked?.sample);
    else if (!picked || picked.ref === 0) return;
    else if (act.do === "answer") this.#answer(picked);
    else this.#postpone(picked);
  }

  #add(act: { readonly bytes: number; readonly volatile: boolean }): void {
    const { outbox } = this.#linked;
    const sample = publish(`${this.#ids++}`, { bytes: act.bytes, volatile: act.volatile });
    const held = this.#entries.reduce((sum, entry) => sum + entry.sample.bytes, 0);
    if (held + act.bytes > 1_048_576 || this.#entries.length >= 1_000)
      expect(() => outbox.add(sample)).toThrow();
    else {
      outbox.add(sample);
      this.#entries.push({ sample, ref: 0 });
    }
  }

  #flush(): void {
    const sent = this.#linked.flush();
    const due = this.#entries.filter(({ ref }) => ref === 0);
    this.#ended(
      due.map(({ sample }) => sample).filter(({ bytes }) => bytes > LARGEST),
      "too_large",
    );
    const fits = due.filter((entry) => entry.sample.bytes <= LARGEST);
    expect(idsOf(sent)).toEqual(fits.map(({ sample }) => sample.message.id));
    for (const [index, entry] of fits.entries()) entry.ref = sent[index]?.ref ?? 0;
  }

  #unlink(): void {
    this.#linked.outbox.unlink();
    this.#ended(
      this.#entries.map(({ sample }) => sample).filter(({ volatile }) => volatile),
      "link_lost",
    );
    for (const entry of this.#entries) entry.ref = 0;
  }

  #abort(sample: Sample | undefined): void {
    if (!sample) return;
    this.#linked.outbox.remove(sample);
    this.#drop(sample);
  }

  #answer({ sample, ref }: { readonly sample: Sample; readonly ref: number }): void {
    expect(this.#linked.outbox.settle(ref)).toBe(sample);
    this.#drop(sample);
  }

  #postpone({ ref }: { readonly ref: number }): void {
    this.#linked.outbox.retry(ref);
    for (const entry of this.#entries) if (entry.ref >= ref) entry.ref = 0;
  }

  #ended(samples: readonly Sample[], code: string): void {
    for (const sample of samples) {
      expect(sample.ended).toBe(code);
      this.#drop(sample);
    }
  }

  #drop(sample: Sample): void {
    this.#entries = this.#entries.filter((entry) => entry.sample !== sample);
  }
}

it("agrees with a plain list, whatever happens in whatever order", () => {
  holds(
    fc.property(fc.array(anyAct, { maxLength: 80 }), (acts) => {
      const model = new Model();
      for (const act of acts) model.perform(act);
      expect(model.isPending).toBe(true);
    }),
    2_000,
  );
});
