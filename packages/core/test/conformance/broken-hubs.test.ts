import type { Notified, ServerMessage } from "@bellwire/core/adapter";
import { describe, expect, it } from "vitest";
import { broken, expectCaught, expectClean, hundredThousand, lying, restarted, rightLost } from "./runs.ts";

describe("the unbroken hub passes", () => {
  it("the everyday run", async () => {
    expect(await expectClean({})).toMatchObject({ gaps: 1 });
  });
  it("the everyday run behind the means of the broken ones", async () => {
    await expectClean(lying({}));
    await expectClean(broken(() => ({})));
  });
  it("a hundred thousand notifications", async () => {
    expect(await expectClean({}, hundredThousand)).toMatchObject({ delivered: 100_001 });
  });
  it("the restart without its log", async () => {
    expect(await expectClean({}, restarted)).toMatchObject({ gaps: 1 });
  });
  it("the loss of a right", async () => {
    await expectClean({}, rightLost);
  });
});

describe("the ledger catches a hub that", () => {
  it("drops one notification in a hundred thousand and numbers the rest without a hole", () =>
    expectCaught(
      lying({
        notification(message, lie, emit) {
          if (lie.count === 50_000) lie.shift -= 1;
          else emit(message);
        },
      }),
      ["corrupted", "lost"],
      hundredThousand,
    ));

  it("swaps two notifications and numbers them in the order sent", () => {
    let held: Notified | undefined;
    return expectCaught(
      lying({
        notification(message, { count }, emit) {
          if (count === 7) held = message;
          else if (held) {
            emit({ ...message, offset: held.offset });
            emit({ ...held, offset: message.offset });
            held = undefined;
          } else emit(message);
        },
      }),
      ["corrupted"],
    );
  });

  it("delivers a notification twice, the second time under the next number", () =>
    expectCaught(
      lying({
        notification(message, lie, emit) {
          emit(message);
          if (lie.count !== 9) return;
          lie.shift += 1;
          emit(message);
        },
      }),
      ["appendedTwice", "corrupted"],
    ));

  it("leaves out what it should replay, and goes on as if nothing had been missed", () =>
    expectCaught(
      lying({
        control(message, lie) {
          if (message.type === "subscribed" && lie.asked) lie.count = -14;
          return [message];
        },
        notification(message, lie, emit) {
          if (lie.count <= 0) lie.shift -= 1;
          else emit(message);
        },
      }),
      ["corrupted", "lost"],
    ));

  it("goes on in the old epoch after its log was lost", () =>
    expectCaught(
      lying({
        control(message, lie) {
          if (message.type !== "subscribed" || message.gap !== "epoch" || !lie.asked) return [message];
          lie.shift = lie.asked.offset - message.position.offset;
          const { gap: _, ...rest } = message;
          return [{ ...rest, position: { epoch: lie.asked.epoch, offset: message.position.offset } }];
        },
      }),
      ["lost", "silentGap"],
      restarted,
    ));

  it("replays to a client that has lost the right", () =>
    expectCaught({ authorize: () => true }, ["leaked"], rightLost));

  it("acknowledges without appending", () => {
    let count = 0;
    return expectCaught(
      broken((inner) => ({
        async append(topic, entry) {
          if (++count !== 20) return inner.append(topic, entry);
          const { head } = await inner.read(topic, undefined, 0);
          return { epoch: head.epoch, offset: head.offset + 1 };
        },
      })),
      ["acknowledgedLost"],
    );
  });

  it("acknowledges without appending what is published last", () => {
    let count = 0;
    return expectCaught(
      broken((inner) => ({
        async append(topic, entry) {
          count += JSON.parse(entry.json).n === 95 ? 1 : 0;
          if (count === 0) return inner.append(topic, entry);
          const { head } = await inner.read(topic, undefined, 0);
          return { epoch: head.epoch, offset: head.offset + 1 };
        },
      })),
      ["acknowledgedLost"],
    );
  });

  it("acknowledges with another position than that of the append", () => {
    let count = 0;
    return expectCaught(
      broken((inner) => ({
        async append(...args) {
          const position = await inner.append(...args);
          return position && ++count === 25 ? { ...position, offset: position.offset - 1 } : position;
        },
      })),
      ["acknowledgedLost"],
    );
  });

  it("reports no gap when the position was evicted", () =>
    expectCaught(
      lying({
        control(message, lie) {
          if (message.type !== "subscribed" || message.gap === undefined || !lie.asked) return [message];
          lie.shift += lie.asked.offset - message.position.offset;
          const { gap: _, ...rest } = message;
          return [rest];
        },
      }),
      ["corrupted", "lost"],
    ));

  it("reports a gap after what follows it", () => {
    let late: ServerMessage | undefined;
    return expectCaught(
      lying({
        control(message, lie) {
          if (message.type !== "subscribed" || message.gap === undefined || !lie.asked) return [message];
          const { gap, topic, position, ref } = message;
          late = { type: "gap", topic, position: { ...position, offset: position.offset + 1 }, reason: gap };
          lie.shift = lie.asked.offset - position.offset;
          return [{ type: "subscribed", ref, topic, position }];
        },
        notification(message, lie, emit) {
          emit(message);
          if (!late) return;
          lie.shift = 0;
          emit(late);
          late = undefined;
        },
      }),
      ["corrupted", "falseGap"],
    );
  });

  it("reports a gap where nothing was lost", () => {
    const epochs = new Map<string, string>();
    return expectCaught(
      lying({
        notification(message, { count }, emit) {
          emit(message);
          const { topic, offset } = message;
          const position = { epoch: epochs.get(topic) ?? "", offset };
          if (count === 12) emit({ type: "gap", topic, position, reason: "overflow" });
        },
        control(message) {
          if (message.type === "subscribed") epochs.set(message.topic, message.position.epoch);
          return [message];
        },
      }),
      ["falseGap"],
    );
  });

  it("reports a gap instead of replaying what it still holds", () =>
    expectCaught(
      broken((inner) => ({
        async read(topic, after, limit) {
          const history = await inner.read(topic, after, limit);
          return after && history.head.offset > after.offset
            ? { ok: false, head: history.head, reason: "evicted" }
            : history;
        },
      })),
      ["falseGap"],
    ));

  it("changes the data of one notification", () =>
    expectCaught(
      lying({
        notification(message, { count }, emit) {
          emit(count === 15 ? { ...message, json: '{"n":1000}', data: { n: 1_000 } } : message);
        },
      }),
      ["corrupted"],
    ));

  it("loses the last notification and never sends its head", () =>
    expectCaught(
      lying({
        notification(message, _, emit) {
          if ((message.data as { n: number }).n !== 95) emit(message);
        },
        control: (message) => (message.type === "head" ? [] : [message]),
      }),
      ["lost", "silentGap"],
    ));

  it("appends an id twice", () => {
    let appends = 0;
    const original = <E extends { readonly id?: string | undefined }>(entry: E): E => ({
      ...entry,
      ...(entry.id !== undefined && { id: entry.id.split("#")[0] }),
    });
    return expectCaught(
      broken((inner) => ({
        append: (topic, entry) => inner.append(topic, { ...entry, id: `${entry.id}#${++appends}` }),
        listen: (topic, listener) => inner.listen(topic, (epoch, entry) => listener(epoch, original(entry))),
        async read(...args) {
          const history = await inner.read(...args);
          return history.ok ? { ...history, entries: history.entries.map(original) } : history;
        },
      })),
      ["appendedTwice"],
    );
  });

  it("delivers a notification of another topic", () => {
    let other: Notified | undefined;
    return expectCaught(
      lying({
        notification(message, { count }, emit) {
          if (message.topic === "news.weather") other = message;
          emit(
            other && message.topic === "news.sport" && count === 14
              ? { ...other, topic: message.topic, offset: message.offset }
              : message,
          );
        },
      }),
      ["phantom"],
    );
  });

  it("delivers to the session that asked to be excluded", () =>
    expectCaught(
      broken((inner) => ({
        append: (topic, entry) => inner.append(topic, { ...entry, exclude: undefined }),
      })),
      ["leaked"],
    ));

  it("passes over a notification as if it had been superseded", () =>
    expectCaught(
      lying({
        notification({ topic, offset, ...message }, { count }, emit) {
          emit(count === 16 ? { type: "skip", topic, offset } : { ...message, topic, offset });
        },
      }),
      ["lost", "silentGap"],
    ));

  it("invents a notification", () =>
    expectCaught(
      lying({
        notification(message, lie, emit) {
          emit(message);
          if (lie.count !== 5) return;
          lie.shift += 1;
          emit({ ...message, id: "invented" });
        },
      }),
      ["phantom"],
    ));
});
