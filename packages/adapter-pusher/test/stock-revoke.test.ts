/**
 * `hub.revoke` and unmodified clients of Pusher: by whatever they are known, they hear nothing
 * more, and nobody else notices.
 */
import { describe, expect, it } from "vitest";
import {
  authorization,
  client,
  next,
  type Pusher,
  raw,
  type Serving,
  serve,
  serverLibrary,
  subscribe,
  subscribed,
  until,
  watchUncaught,
} from "./serving.ts";

watchUncaught();

const PRIVATE = "private-orders.1";
const ROOM = "presence-room.a";

/**
 * The application's own server: with `named` it names the users that it signs for, and it signs for
 * nobody whose right was revoked.
 */
function application() {
  const lost = new Set<string>();
  const authorizer = (user: string, named: boolean) => ({
    channelAuthorization: {
      transport: "ajax" as const,
      endpoint: "",
      customHandler: (
        { socketId, channelName }: { socketId: string; channelName: string },
        answer: (error: Error | null, data: { auth: string; channel_data?: string } | null) => void,
      ): void => {
        if (lost.has(user)) return answer(new Error("forbidden"), null);
        answer(null, authorization(socketId, channelName, named ? { user_id: user } : undefined));
      },
    },
  });
  return { lost, authorizer };
}

interface Listening {
  readonly pusher: Pusher;
  readonly heard: unknown[];
  readonly channel: ReturnType<Pusher["subscribe"]>;
}

async function listen(pusher: Pusher, name: string): Promise<Listening> {
  const heard: unknown[] = [];
  const channel = await subscribed(pusher, name);
  channel.bind("done", (data: unknown) => void heard.push(data));
  return { pusher, heard, channel };
}

/** A neighbour on the same channel, that hears everything over one connection. */
async function neighbour({ port, hub }: Serving, channel: typeof PRIVATE | typeof ROOM) {
  const { authorizer } = application();
  const { pusher, heard } = await listen(client(port, authorizer("bob", true)), channel);
  const troubles: unknown[] = [];
  pusher.connection.bind("error", (error: unknown) => void troubles.push(error));
  pusher.connection.bind("state_change", (change: unknown) => void troubles.push(change));
  return {
    /** Publishes, and waits until the neighbour has heard it. */
    async publish(n: number): Promise<void> {
      const before = heard.length;
      await hub.publish(channel, "done", { n });
      await until(() => heard.length === before + 1, "the neighbour's event");
      expect(troubles).toEqual([]);
    },
  };
}

describe.each([
  ["on a private channel, named by its channel_data,", PRIVATE, true, undefined],
  ["on a presence channel, whose member it is,", ROOM, true, undefined],
  ["on a private channel, signed in,", PRIVATE, false, { id: "ann" }],
] as const)("a stock client %s", (_, name, named, user) => {
  it.each(["on that topic", "altogether"])(
    "receives nothing more once its user's right is revoked %s",
    async (how) => {
      const serving = await serve();
      const { hub, port } = serving;
      const { lost, authorizer } = application();
      const beside = await neighbour(serving, name);
      const options = { ...authorizer("ann", named), ...(user && { user }) };
      const pusher = client(port, options);
      if (user) {
        pusher.signin();
        await until(() => (pusher.user as unknown as { user_data: unknown }).user_data !== null);
      }
      const ann = await listen(pusher, name);
      await beside.publish(1);
      await until(() => ann.heard.length === 1);
      const after =
        how === "altogether"
          ? next(pusher.connection, "disconnected")
          : next(ann.channel, "pusher:subscription_error");
      lost.add("ann");
      await hub.revoke("ann", ...(how === "altogether" ? [] : [name]));
      await beside.publish(2);
      // It is closed for good, or comes back and is refused by the application's own server.
      await after;
      await beside.publish(3);
      expect(ann.heard).toEqual([{ n: 1 }]);
      expect(hub.members(ROOM).map(({ id }) => id)).not.toContain("ann");
    },
  );
});

describe("a stock client", () => {
  it("without a known user has to be authorized again, because its right may be the revoked one", async () => {
    const serving = await serve();
    const { hub, port } = serving;
    const { lost, authorizer } = application();
    const beside = await neighbour(serving, PRIVATE);
    const ann = await listen(client(port, authorizer("ann", false)), PRIVATE);
    const cid = await listen(client(port, authorizer("cid", false)), PRIVATE);
    lost.add("ann");
    const refused = next(ann.channel, "pusher:subscription_error");
    const again = next(cid.channel, "pusher:subscription_succeeded");
    await hub.revoke("ann", PRIVATE);
    await Promise.all([refused, again]);
    await beside.publish(1);
    await until(() => cid.heard.length === 1);
    expect(ann.heard).toEqual([]);
  });

  it("that has signed in receives nothing more on its own channel, and its connections end for good", async () => {
    const { hub, port } = await serve();
    const [ann, bob] = [client(port, { user: { id: "ann" } }), client(port, { user: { id: "bob" } })];
    const heard: string[] = [];
    for (const [pusher, id] of [
      [ann, "ann"],
      [bob, "bob"],
    ] as const) {
      pusher.signin();
      pusher.user.bind("hello", () => void heard.push(id));
      await until(
        () =>
          (pusher.user as unknown as { serverToUserChannel: { subscribed: boolean } | null })
            .serverToUserChannel?.subscribed === true,
      );
    }
    await hub.revoke("ann");
    const library = serverLibrary(port);
    await library.sendToUser("ann", "hello", {});
    await library.sendToUser("bob", "hello", {});
    await until(() => heard.length === 1 && ann.connection.state === "disconnected");
    expect(heard).toEqual(["bob"]);
    expect(bob.connection.state).toBe("connected");
  });

  it("that authenticate identifies by its cookie is disconnected under that name", async () => {
    const { hub, port } = await serve(
      {},
      {
        authenticate: ({ handshake }) => ({ user: handshake.headers.cookie?.replace("user=", "") }),
        authorize: () => true,
      },
    );
    const [ann, bob] = await Promise.all(
      ["ann", "bob"].map((user) => raw(port, { headers: { cookie: `user=${user}` } })),
    );
    for (const socket of [ann, bob]) socket?.say(subscribe("news.de"));
    await until(() => [ann, bob].every((socket) => socket?.heard.length === 2));
    await hub.revoke("ann");
    await hub.publish("news.de", "done", { n: 1 });
    await until(() => ann?.closed !== undefined && bob?.heard.length === 3);
    expect(ann?.closed?.code).toBe(4009);
    expect(ann?.heard).toHaveLength(2);
  });
});
