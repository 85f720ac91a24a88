/** Frames of hostile peers over real sockets: each closes its own link at worst. */
import { describe, expect, it } from "vitest";
import { frame, nothingUncaught, serve, stock, tcpOf, until } from "./serving.ts";

nothingUncaught();

describe("hostile frames", () => {
  it("closes a link whose frame is larger than 64 KiB with 1009, and the neighbour goes on", async () => {
    const { hub, port } = await serve();
    const [hostile, neighbour] = [await stock(port), await stock(port)];
    neighbour.say({ type: "subscribe", ref: 1, topic: "news.a" });
    hostile.socket.send("x".repeat(65_537));
    await until(() => hostile.closed !== undefined, "the close");
    expect(hostile.closed?.code).toBe(1009);
    await hub.publish("news.a", "said", { n: 1 });
    await until(() => neighbour.notified.length === 1, "the neighbour");
    expect(neighbour.closed).toBeUndefined();
  });

  it("closes a link that claims a frame of 2^62 bytes before reading it", async () => {
    const { port } = await serve();
    const hostile = await stock(port);
    tcpOf(hostile).write(Buffer.from([0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    await until(() => hostile.closed !== undefined, "the close");
    expect([1002, 1009]).toContain(hostile.closed?.code);
  });

  it("counts binary frames as malformed, and closes at the fifth", async () => {
    const { port } = await serve();
    const hostile = await stock(port);
    for (let n = 0; n < 5; n++) hostile.socket.send(Buffer.from('{"type":"ping"}'));
    await until(() => hostile.closed !== undefined, "the close");
    expect(hostile.closed).toEqual({ code: 4400, reason: "malformed" });
    expect(hostile.received.filter(({ type }) => type === "error")).toHaveLength(4);
    expect(hostile.received.filter(({ type }) => type === "pong")).toHaveLength(0);
  });

  it.each([
    ["text that is not UTF-8", frame(1, Buffer.from([0xff, 0xfe])), [1007]],
    ["an unknown opcode", frame(3, Buffer.from("x")), [1002]],
    ["a continuation without a beginning", frame(0, Buffer.from("x")), [1002]],
    ["an unmasked frame", Buffer.from([0x81, 1, 0x78]), [1002]],
    ["a reserved bit", Buffer.from([0xc1, 0x81, 0, 0, 0, 0, 0x78]), [1002]],
    ["a ping of 126 bytes", frame(9, Buffer.alloc(126)), [1002]],
  ])("closes a link that sends %s", async (_, bytes, codes) => {
    const { hub, port } = await serve();
    const hostile = await stock(port);
    tcpOf(hostile).write(bytes);
    await until(() => hostile.closed !== undefined, "the close");
    expect(codes).toContain(hostile.closed?.code);
    await until(() => hub.links === 0, "the link to go");
  });

  it("reads a message sent one byte at a time and in fragments", async () => {
    const { port } = await serve();
    const slow = await stock(port);
    const text = Buffer.from('{"type":"subscribe","ref":1,"topic":"news.ä"}');
    for (const byte of frame(1, text)) {
      tcpOf(slow).write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    tcpOf(slow).write(
      Buffer.concat([frame(1, Buffer.from('{"type":'), false), frame(0, Buffer.from('"ping"}'))]),
    );
    await until(() => slow.received.length === 3, "two answers");
    expect(slow.received.slice(1)).toMatchObject([
      { type: "error", ref: 1, code: "unknown_topic" },
      { type: "pong" },
    ]);
  });

  it("holds less than a mebibyte for a peer that floods pings and never reads", async () => {
    const { port, sockets } = await serve();
    const hostile = await stock(port);
    const socket = tcpOf(hostile);
    socket.pause();
    const flood = Buffer.concat(Array.from({ length: 10_000 }, () => frame(9, Buffer.alloc(125))));
    for (let n = 0; n < 20; n++) {
      socket.write(flood);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const served of sockets) expect(served.writableLength).toBeLessThan(1_048_576);
  });

  it("survives peers that vanish in the middle of a message", async () => {
    const { hub, port } = await serve();
    for (let n = 0; n < 30; n++) {
      const client = await stock(port, n % 2 === 0);
      tcpOf(client).write(
        frame(1, Buffer.from('{"type":"hello","protocol":1,"session":"s"}')).subarray(0, n * 2),
      );
      if (n % 3 === 0) tcpOf(client).resetAndDestroy();
      else tcpOf(client).destroy();
    }
    await until(() => hub.links === 0, "the links to go");
    const after = await stock(port);
    expect(after.received[0]?.type).toBe("welcome");
  });
});
