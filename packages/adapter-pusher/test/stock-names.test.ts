/**
 * Events under the names that ecosystems give them: Laravel broadcasting works unchanged, published
 * as PHP does it.
 */
import { createHash, createHmac } from "node:crypto";
import { defineTopics, type } from "@bellwire/core";
import Echo from "laravel-echo";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  app,
  ask,
  client,
  type Pusher,
  serve,
  serverLibrary,
  subscribed,
  until,
  watchUncaught,
} from "./serving.ts";

watchUncaught();

const topics = defineTopics({
  "orders.{id}": { "order:shipped": type<unknown>(), "*": type<unknown>() },
  "private-orders.{id}": { "*": type<unknown>() },
  "presence-orders.{id}": { "*": type<unknown>() },
  "private-App.Models.User.{id}": { "*": type<unknown>() },
});

/** A hub whose contract takes undeclared events. */
const laravel = async () => serve({ clientEvents: true }, { topics } as never);

function echo(port: number): Echo<"pusher"> {
  const pusher: Pusher = client(port, { member: { user_id: 7 } });
  const instance = new Echo({ broadcaster: "pusher", client: pusher, key: "unused" });
  onTestFinished(() => instance.disconnect());
  return instance;
}

/** `json_encode` of PHP: slashes and everything beyond ASCII are escaped. */
function phpJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll("/", "\\/")
    .replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * A request of `Pusher\Pusher::trigger`, byte for byte: the parameters are sorted and joined as
 * they are, with the body's digest among them.
 */
async function phpTrigger(
  port: number,
  channels: readonly string[],
  event: string,
  payload: unknown,
  socketId?: string,
): Promise<number> {
  const path = `/apps/${app.id}/events`;
  const body = phpJson({
    name: event,
    data: phpJson(payload),
    channels,
    ...(socketId !== undefined && { socket_id: socketId }),
  });
  const parameters = [
    `auth_key=${app.key}`,
    `auth_timestamp=${Math.floor(Date.now() / 1_000)}`,
    "auth_version=1.0",
    `body_md5=${createHash("md5").update(body).digest("hex")}`,
  ].join("&");
  const text = `POST\n${path}\n${parameters}`;
  const signature = createHmac("sha256", app.secret).update(text).digest("hex");
  const answer = await ask(
    port,
    {
      method: "POST",
      path: `${path}?${parameters}&auth_signature=${signature}`,
      headers: { "content-type": "application/json", "x-pusher-library": "pusher-http-php 7.2.7" },
    },
    body,
  );
  return answer.status;
}

const ORDER = { orderId: 7, path: "a/b", name: "Zoë 🚚" };

describe("Laravel Echo", () => {
  it.each(["channel", "private", "join"] as const)(
    "hears on a %s what Laravel broadcasts: App\\Events\\OrderShipped by its short name, and order:shipped",
    async (kind) => {
      const { port } = await laravel();
      const instance = echo(port);
      const heard: unknown[] = [];
      const channel = instance[kind]("orders.1");
      const ready = new Promise<void>((resolve) => void channel.subscribed(() => resolve()));
      channel.listen("OrderShipped", (data: unknown) => void heard.push(["short", data]));
      channel.listen(".order:shipped", (data: unknown) => void heard.push(["as", data]));
      await ready;
      const name = { channel: "orders.1", private: "private-orders.1", join: "presence-orders.1" }[kind];
      expect(await phpTrigger(port, [name], "App\\Events\\OrderShipped", ORDER)).toBe(200);
      expect(await phpTrigger(port, [name], "order:shipped", ORDER)).toBe(200);
      // Others than the sender, as `broadcast(…)->toOthers()` has it.
      expect(await phpTrigger(port, [name], "order:shipped", { n: 2 }, instance.socketId())).toBe(200);
      expect(await phpTrigger(port, [name], "order:shipped", { n: 3 })).toBe(200);
      await until(() => heard.length === 3);
      expect(heard).toStrictEqual([
        ["short", ORDER],
        ["as", ORDER],
        ["as", { n: 3 }],
      ]);
    },
  );

  it("receives Laravel notifications", async () => {
    const { port } = await laravel();
    const heard: unknown[] = [];
    const channel = echo(port).private("App.Models.User.7");
    const ready = new Promise<void>((resolve) => void channel.subscribed(() => resolve()));
    channel.notification((data: unknown) => void heard.push(data));
    await ready;
    const notification = { id: "n1", type: "App\\Notifications\\InvoicePaid", amount: 7 };
    const event = "Illuminate\\Notifications\\Events\\BroadcastNotificationCreated";
    expect(await phpTrigger(port, ["private-App.Models.User.7"], event, notification)).toBe(200);
    await until(() => heard.length === 1);
    expect(heard).toStrictEqual([notification]);
  });
});

describe("an event's name", () => {
  it.each(["order:shipped", "App\\Events\\OrderShipped", 'he said "so"', "ää 🚚 ñ", "x".repeat(200)])(
    "may be %s, and reaches pusher-js as it is, from the hub, from pusher, and from another client",
    async (name) => {
      const { hub, port } = await laravel();
      const channel = await subscribed(client(port), "private-orders.1");
      const other = await subscribed(client(port), "private-orders.1");
      const heard: unknown[] = [];
      channel.bind_global((event: string, data: unknown) => void heard.push([event, data]));
      await hub.publish("private-orders.1" as never, name as never, { n: 1 } as never);
      await serverLibrary(port).trigger("private-orders.1", name, { n: 2 });
      const own = `client-${name}`.slice(0, 200);
      other.trigger(own, { n: 3 });
      await until(() => heard.length === 3);
      expect(heard).toStrictEqual([
        [name, { n: 1 }],
        [name, { n: 2 }],
        [own, { n: 3 }],
      ]);
    },
  );

  it.each(["pusher:error", "pusher_internal:member_added", "bellwire:gap", "", "a\nb", "x".repeat(201)])(
    "may not be %j in the HTTP API, neither on a channel nor to a user",
    async (name) => {
      const { port } = await laravel();
      expect(await phpTrigger(port, ["orders.1"], name, {})).toBe(400);
      expect(await phpTrigger(port, ["#server-to-user-ann"], name, {})).toBe(400);
    },
  );
});
