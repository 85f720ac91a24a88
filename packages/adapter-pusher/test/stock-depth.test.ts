/** JSON that is nested so deeply that a client's library throws on it does not reach any client. */
import { describe, expect, it } from "vitest";
import {
  authorization,
  client,
  type Pusher,
  raw,
  serve,
  serverLibrary,
  subscribe,
  subscribed,
  until,
  watchUncaught,
} from "./serving.ts";

watchUncaught();

/** As many levels as fit into an event: pusher-js exceeds its stack when it logs the event. */
const LEVELS = 5_000;
const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
const CHANNEL = "private-orders.1";

/** A stock client with what it is told, whose connection must not change. */
async function victim(port: number) {
  const pusher: Pusher = client(port, { user: { id: "ann" } });
  const channel = await subscribed(pusher, CHANNEL);
  const heard: unknown[] = [];
  const troubles: unknown[] = [];
  channel.bind_global((event: string, data: unknown) => void heard.push([event, data]));
  pusher.user.bind("done", (data: unknown) => void heard.push(["to the user", data]));
  for (const event of ["error", "state_change"])
    pusher.connection.bind(event, (data: unknown) => void troubles.push(data));
  return { pusher, heard, troubles };
}

describe("JSON nested thousands of levels deep", () => {
  it("is refused as a client event, and other clients receive later events", async () => {
    const { hub, port } = await serve({ clientEvents: true });
    const { heard, troubles } = await victim(port);
    const attacker = await raw(port);
    attacker.say(subscribe(CHANNEL, authorization(attacker.socketId, CHANNEL)));
    await until(() => attacker.heard.length === 2);
    attacker.say(`{"event":"client-moved","channel":"${CHANNEL}","data":${nested(LEVELS)}}`);
    await until(() => attacker.errors.length === 1);
    expect(attacker.errors).toEqual(["invalid_data"]);
    attacker.say(`{"event":"client-moved","channel":"${CHANNEL}","data":${nested(100)}}`);
    await until(() => heard.length === 1);
    await hub.publish(CHANNEL, "done", { n: 1 });
    await until(() => heard.length === 2);
    expect(heard).toEqual([
      ["client-moved", JSON.parse(nested(100))],
      ["done", { n: 1 }],
    ]);
    expect(troubles).toEqual([]);
  });

  it.each([
    ["to a channel", CHANNEL],
    ["to a user", "#server-to-user-ann"],
  ])("is refused by the HTTP API, %s", async (_, target) => {
    const { port } = await serve();
    const { pusher, heard, troubles } = await victim(port);
    pusher.signin();
    await until(
      () =>
        (pusher.user as unknown as { serverToUserChannel: { subscribed: boolean } | null })
          .serverToUserChannel?.subscribed === true,
    );
    const library = serverLibrary(port);
    const post = (data: string): Promise<unknown> =>
      library
        .post({ path: "/events", body: { name: "done", data, channels: [target] } as never })
        .then(({ status }) => status)
        .catch(({ status }: { status: number }) => status);
    expect(await post(nested(LEVELS))).toBe(400);
    // A text that is no JSON may hold what it likes.
    expect(await post(`not JSON: ${nested(1_000)}`)).toBe(200);
    await library.trigger(CHANNEL, "done", { n: 1 });
    await until(() => JSON.stringify(heard.at(-1)) === '["done",{"n":1}]', "what comes next");
    expect(heard).toHaveLength(2);
    expect(troubles).toEqual([]);
  });
});
