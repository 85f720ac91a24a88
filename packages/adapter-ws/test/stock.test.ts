/** A stock WebSocket client, which speaks PROTOCOL.md by hand. */
import { describe, expect, it } from "vitest";
import { nothingUncaught, serve, stock, tcpOf, until } from "./serving.ts";

nothingUncaught();

describe("a stock WebSocket", () => {
  it("subscribes, publishes, resumes and unsubscribes by the messages of PROTOCOL.md alone", async () => {
    const { hub, port } = await serve();
    const first = await stock(port);
    expect(first.received).toEqual([{ type: "welcome", idleTimeout: 35_000, maxMessageBytes: 65_536 }]);
    first.say({ type: "subscribe", ref: 1, topic: "news.a" });
    await until(() => first.received.length === 2, "subscribed");
    const start = (first.received[1] as { position: { epoch: string; offset: number } }).position;
    expect(first.received[1]).toEqual({
      type: "subscribed",
      ref: 1,
      topic: "news.a",
      position: { epoch: start.epoch, offset: 0 },
    });
    first.say({ type: "publish", ref: 2, topic: "news.a", event: "said", data: { n: 1 }, id: "p1" });
    await until(() => first.received.length === 3 && first.notified.length === 1, "the answers");
    const position = { epoch: start.epoch, offset: 1 };
    expect(first.received[2]).toEqual({ type: "acknowledged", ref: 2, position });
    expect(first.notified[0]).toEqual(["n", "news.a", "said", { n: 1 }, 1, expect.any(Number), "p1"]);
    await hub.publish("news.a", "said", { n: 2 });
    await until(() => first.notified.length === 2, "the second");
    expect(first.notified[1]).toEqual(["n", "news.a", "said", { n: 2 }, 2, expect.any(Number)]);

    const second = await stock(port);
    second.say({ type: "subscribe", ref: 1, topic: "news.a", position });
    await until(() => second.notified.length === 1, "the replay");
    expect(second.received[1]).toEqual({ type: "subscribed", ref: 1, topic: "news.a", position });
    expect(second.notified[0]?.[4]).toBe(2);
    second.say({ type: "unsubscribe", ref: 2, topic: "news.a" });
    await until(() => second.received.length === 3, "done");
    expect(second.received[2]).toEqual({ type: "done", ref: 2 });
    second.say({ type: "invented", ref: 3 });
    await until(() => second.received.length === 4, "the error");
    expect(second.received[3]).toMatchObject({ type: "error", code: "malformed" });
  });

  it("pays at most 40 bytes beside the names and the data of a notification, its frame included", async () => {
    const { hub, port } = await serve();
    const client = await stock(port);
    client.say({ type: "subscribe", ref: 1, topic: "news.a" });
    await until(() => client.received.length === 2, "subscribed");
    const socket = tcpOf(client);
    for (const filler of ["", "x".repeat(200)]) {
      const before = socket.bytesRead;
      const heard = client.notified.length;
      const data = { n: 1, filler };
      await hub.publish("news.a", "said", data);
      await until(() => client.notified.length > heard, "the notification");
      const beside = socket.bytesRead - before - JSON.stringify(data).length - "news.asaid".length;
      expect(beside).toBeLessThanOrEqual(40);
    }
  });
});
