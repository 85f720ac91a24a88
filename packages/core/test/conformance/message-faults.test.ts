import type { Transport } from "@bellwire/core";
import type { ClientMessage, Link, LinkObserver, ServerMessage } from "@bellwire/core/adapter";
import { faultyAcceptor, faultyTransport, type MessageRule } from "@bellwire/core/conformance";
import { MEMORY_CAPABILITIES } from "@bellwire/core/memory";
import { expect, it } from "vitest";

/** A transport made of a list of sent messages and a function that delivers one to the client. */
function wire() {
  const sent: ClientMessage[] = [];
  const closed: string[] = [];
  let observer: LinkObserver<ServerMessage> | undefined;
  const transport: Transport = {
    name: "list",
    capabilities: MEMORY_CAPABILITIES,
    connect(given) {
      observer = given;
      return {
        buffered: 0,
        send: (batch) => void sent.push(...batch),
        close: ({ code }) => void closed.push(code),
      };
    },
  };
  const say = (...offsets: number[]) => {
    for (const offset of offsets) observer?.message({ type: "skip", topic: "t", offset });
  };
  return { transport, sent, closed, say, observer: () => observer };
}

function listening(transport: Transport) {
  const got: (number | string)[] = [];
  const link = transport.connect({
    open: () => got.push("open"),
    message: (message) => got.push(message.type === "skip" ? message.offset : message.type),
    malformed: () => {},
    close: ({ code }) => got.push(code),
  });
  return { got, link };
}

const rules = (fault: MessageRule["fault"], more: Partial<MessageRule> = {}): MessageRule[] => [
  { type: "skip", nth: 2, fault, ...more },
];

it("drops the nth message of a type, and no other", () => {
  const { transport, say } = wire();
  const { got } = listening(faultyTransport(transport, rules("drop")));
  say(1, 2, 3, 4);
  expect(got).toEqual([1, 3, 4]);
});

it("drops one message in every few after the nth", () => {
  const { transport, say } = wire();
  const { got } = listening(faultyTransport(transport, rules("drop", { every: 3 })));
  say(1, 2, 3, 4, 5, 6, 7, 8);
  expect(got).toEqual([1, 3, 4, 6, 7]);
});

it("doubles a message", () => {
  const { transport, say } = wire();
  const { got } = listening(faultyTransport(transport, rules("double")));
  say(1, 2, 3);
  expect(got).toEqual([1, 2, 2, 3]);
});

it("swaps a message with the next", () => {
  const { transport, say } = wire();
  const { got } = listening(faultyTransport(transport, rules("swap")));
  say(1, 2, 3, 4);
  expect(got).toEqual([1, 3, 2, 4]);
});

it("delays a message and what follows it, and keeps the order", async () => {
  const { transport, say } = wire();
  const { got } = listening(faultyTransport(transport, rules("delay", { ms: 20 })));
  say(1, 2, 3);
  expect(got).toEqual([1]);
  await new Promise((resolve) => setTimeout(resolve, 40));
  say(4);
  expect(got).toEqual([1, 2, 3, 4]);
});

it("hits what the client sends, too", () => {
  const { transport, sent } = wire();
  const { link } = listening(faultyTransport(transport, [{ type: "unsubscribe", nth: 1, fault: "drop" }]));
  link.send([{ type: "unsubscribe", ref: 1, topic: "t" }, { type: "pong" }]);
  expect(sent).toEqual([{ type: "pong" }]);
});

it("cuts every link at once, tells both ends, and lets nothing through afterwards", () => {
  const { transport, closed, say, observer } = wire();
  const faulty = faultyTransport(transport);
  const { got } = listening(faulty);
  say(1);
  faulty.cutAll();
  say(2);
  observer()?.close({ code: "normal" });
  expect(got).toEqual([1, "link_lost"]);
  expect(closed).toEqual(["link_lost"]);
});

it("cuts the link at the nth message of a type", () => {
  const { transport, closed, say } = wire();
  const { got } = listening(faultyTransport(transport, rules("cut")));
  say(1, 2, 3);
  expect(got).toEqual([1, "link_lost"]);
  expect(closed).toEqual(["link_lost"]);
});

it("refuses new links while told to", async () => {
  const { transport } = wire();
  const faulty = faultyTransport(transport);
  faulty.refuse(true);
  const { got } = listening(faulty);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(got).toEqual(["link_lost"]);
});

it("does the same at the hub's end of the seam", () => {
  const heard: string[] = [];
  const said: ServerMessage[] = [];
  let hubLink: Link<ServerMessage> | undefined;
  const acceptor = faultyAcceptor(
    {
      maxMessageBytes: 1,
      refusal: () => undefined,
      refused() {},
      onClose() {},
      accept(link) {
        hubLink = link;
        return {
          open() {},
          message: ({ type }) => heard.push(type),
          malformed() {},
          close: () => heard.push("close"),
        };
      },
    },
    [
      { type: "pong", nth: 1, fault: "double" },
      { type: "skip", nth: 1, fault: "drop" },
    ],
  );
  const observer = acceptor.accept(
    { buffered: 0, send: (batch) => void said.push(...batch), close() {} },
    { transport: "list", headers: {} },
  );
  observer.message({ type: "pong" });
  hubLink?.send([{ type: "skip", topic: "t", offset: 1 }, { type: "ping" }]);
  observer.close({ code: "normal" });
  hubLink?.send([{ type: "ping" }]);
  expect(heard).toEqual(["pong", "pong", "close"]);
  expect(said).toEqual([{ type: "ping" }]);
});
