/** Event names of other ecosystems, to and from stock clients. */
import { createServer } from "node:http";
import { defineTopics, type } from "@bellwire/core";
import { createHub } from "@bellwire/core/server";
import { io } from "socket.io-client";
import { expect, it, onTestFinished } from "vitest";
import { attachSocketIo } from "../src/server.ts";
import { listen, until } from "./peers.ts";

const LARAVEL = "App\\Events\\OrderShipped";
const LONG = `order:${"é".repeat(194)}`;
const QUOTED = `it's "shipped", [1] {2}`;
const plain = ["order:shipped", LARAVEL, LONG, QUOTED, "event:shipped", "message", "error"];
/** Names that Socket.IO's clients reserve, and their replacements. */
const mapped = [
  ["connect", "event:connect"],
  ["connect_error", "event:connect_error"],
  ["disconnect", "event:disconnect"],
  ["disconnecting", "event:disconnecting"],
  ["newListener", "event:newListener"],
  ["removeListener", "event:removeListener"],
  ["event:connect", "event:event:connect"],
] as const;

const names = [...plain, ...mapped.map(([name]) => name)];
const topics = defineTopics({
  orders: Object.fromEntries(names.map((name) => [name, type<string>()])),
  "any.{name}": { "*": type<string>() },
});

async function stock() {
  const hub = createHub({ topics, authorize: () => true });
  onTestFinished(() => hub.close({ flush: 0, spread: 1 }));
  const server = createServer();
  attachSocketIo(hub, server);
  const { url } = await listen(server);
  const socket = io(`${url}/bellwire`, { forceNew: true });
  onTestFinished(() => void socket.disconnect());
  const heard: [string, unknown][] = [];
  socket.onAny((event: string, data: unknown) => heard.push([event, data]));
  const asked = (...args: [string, ...unknown[]]): Promise<unknown> =>
    socket.timeout(5_000).emitWithAck(...args) as Promise<unknown>;
  return { hub, asked, heard };
}

it("delivers and accepts events whose names other ecosystems use", async () => {
  const { hub, asked, heard } = await stock();
  for (const topic of ["orders", "any.a"] as const) {
    expect(await asked("subscribe", topic)).toMatchObject({ ok: true });
    for (const name of plain) {
      await hub.publish(topic, name, `hub ${topic}`);
      expect(await asked("publish", topic, name, `client ${topic}`)).toMatchObject({ ok: true });
    }
    await until(() => heard.length === 2 * plain.length, "the events");
    expect(heard.splice(0)).toEqual(
      plain.flatMap((name) => [
        [name, `hub ${topic}`],
        [name, `client ${topic}`],
      ]),
    );
  }
});

it("renames events whose names Socket.IO reserves, and gives no two events one name", async () => {
  const { hub, asked, heard } = await stock();
  expect(await asked("subscribe", "orders")).toMatchObject({ ok: true });
  for (const [name] of mapped) await hub.publish("orders", name, name);
  await until(() => heard.length === mapped.length, "the events");
  expect(heard).toEqual(mapped.map(([name, given]) => [given, name]));
  expect(new Set(heard.map(([event]) => event)).size).toBe(mapped.length);
});

it("refuses a name that no event can have", async () => {
  const { asked } = await stock();
  for (const name of ["bellwire:gap", "x".repeat(201), "a\nb", " a", ""])
    expect(await asked("publish", "any.a", name, "x")).toMatchObject({ ok: false, code: "unknown_event" });
});
