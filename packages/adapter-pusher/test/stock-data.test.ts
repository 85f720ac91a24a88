/**
 * Unmodified clients of Pusher get what was published: the same values, and nothing of Bellwire's
 * own beside them.
 */
import Echo from "laravel-echo";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  authorization,
  client,
  raw,
  serve,
  serverLibrary,
  subscribe,
  subscribed,
  until,
  watchUncaught,
} from "./serving.ts";

watchUncaught();

/** One of each kind, texts that look like JSON, and keys that our own metadata has elsewhere. */
const VALUES: readonly unknown[] = [
  { n: 1, deep: { list: [1, "2", null, { a: false }], empty: {} } },
  {},
  [1, "two", [null]],
  [],
  "x",
  "",
  "7",
  "null",
  "{}",
  '"q"',
  "\u2028\u0000\ud83d\ude00",
  7,
  0,
  -1.5,
  true,
  false,
  null,
  { $bellwire: { offset: 1 }, $data: 1 },
];

/**
 * A server library sends a text as it is, so the text of a number is that number to a client that
 * decodes it.
 */
const LIBRARY_VALUES: readonly (readonly [sent: unknown, heard: unknown])[] = [
  ...VALUES.filter((value) => typeof value !== "string").map((value) => [value, value] as const),
  ["x", "x"],
  ["", ""],
  ['"x"', "x"],
  ['"7"', "7"],
  ["7", 7],
];

interface Hearing {
  readonly heard: unknown[];
  readonly others: readonly unknown[];
}

/** The data that each library receives on `news.de`, and all its events. */
async function pusherJs(port: number): Promise<Hearing> {
  const heard: unknown[] = [];
  const others: unknown[] = [];
  const channel = await subscribed(client(port), "news.de");
  channel.bind_global((event: string) => void others.push(event));
  channel.bind("said", (data: unknown) => void heard.push(data));
  return { heard, others };
}

async function laravelEcho(port: number): Promise<Hearing> {
  const heard: unknown[] = [];
  const others: unknown[] = [];
  const echo = new Echo({ broadcaster: "pusher", client: client(port), key: "unused" });
  onTestFinished(() => echo.disconnect());
  const channel = echo.channel("news.de");
  await new Promise<void>((resolve) => void channel.subscribed(() => resolve()));
  channel.listen(".said", (data: unknown) => void heard.push(data));
  channel.listenToAll((event: string) => void others.push(event));
  return { heard, others };
}

describe.each([
  ["pusher-js", pusherJs],
  ["laravel-echo", laravelEcho],
])("%s", (_, listen) => {
  it("receives exactly the data that was published on the hub", async () => {
    const { hub, port } = await serve();
    const { heard, others } = await listen(port);
    for (const value of VALUES) await hub.publish("news.de", "said", value);
    await until(() => heard.length === VALUES.length);
    expect(heard).toStrictEqual(VALUES);
    expect(others).toHaveLength(VALUES.length);
  });

  it("receives exactly the data that was published through the HTTP API, by pusher", async () => {
    const { port } = await serve();
    const { heard } = await listen(port);
    const library = serverLibrary(port);
    for (const [sent] of LIBRARY_VALUES) await library.trigger("news.de", "said", sent);
    await until(() => heard.length === LIBRARY_VALUES.length);
    expect(heard).toStrictEqual(LIBRARY_VALUES.map(([, value]) => value));
    const batch = LIBRARY_VALUES.slice(0, 10);
    await library.triggerBatch(batch.map(([data]) => ({ channel: "news.de", name: "said", data })));
    await until(() => heard.length === LIBRARY_VALUES.length + batch.length);
    expect(heard.slice(LIBRARY_VALUES.length)).toStrictEqual(batch.map(([, value]) => value));
  });
});

it("a client event reaches other clients with exactly the data that pusher-js sent", async () => {
  const { port } = await serve({ clientEvents: true });
  const sender = await subscribed(client(port), "private-orders.1");
  const heard: unknown[] = [];
  const other = await subscribed(client(port), "private-orders.1");
  other.bind("client-typing", (data: unknown) => void heard.push(data));
  // Ten at once are what clients may send.
  const values = [{ n: 1 }, [1], "x", "", "7", "null", 7, false, null];
  for (const value of values) sender.trigger("client-typing", value);
  await until(() => heard.length === values.length);
  expect(heard).toStrictEqual(values);
});

it("a new subscriber of a cache channel receives exactly the data of the last event", async () => {
  const { hub, port } = await serve();
  await hub.publish("cache-news", "done", { n: 1 });
  const heard: unknown[] = [];
  client(port)
    .subscribe("cache-news")
    .bind("done", (data: unknown) => void heard.push(data));
  await until(() => heard.length === 1);
  expect(heard).toStrictEqual([{ n: 1 }]);
});

it("nothing of Bellwire's own reaches a stock client: no event carries metadata or a position", async () => {
  const { hub, port } = await serve({ clientEvents: true, subscriptionCount: true });
  const socket = await raw(port);
  for (const channel of ["news.de", "cache-news"]) socket.say(subscribe(channel));
  socket.say(subscribe("private-orders.1", authorization(socket.socketId, "private-orders.1")));
  socket.say(
    subscribe("presence-room.a", authorization(socket.socketId, "presence-room.a", { user_id: "ann" })),
  );
  socket.say(subscribe("weather"));
  socket.say({ event: "client-typing", channel: "news.de", data: {} });
  await until(() => socket.errors.length === 2 && socket.heard.length >= 9);
  await hub.publish("news.de", "said", { n: 1 }, { id: "i1" });
  await hub.publish("news.de", "typing", { n: 2 });
  await until(() => socket.heard.at(-1)?.event === "typing");
  expect(socket.texts.join("\n")).not.toMatch(/\$|epoch|offset|position|"i1"/);
  const answers = socket.heard.filter(({ event }) => event.endsWith("subscription_succeeded"));
  expect(answers.map(({ data }) => data)).toStrictEqual([
    {},
    {},
    {},
    { presence: { count: 1, ids: ["ann"], hash: { ann: null } } },
  ]);
});
