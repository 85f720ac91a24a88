/** Attacks on the Pusher wire: stock clients, Bellwire's own client, and the HTTP API. */
import { createHash, createHmac } from "node:crypto";
import type { Random } from "@bellwire/core/conformance";
import { pipelined, requestAfterRequest, slowBody, unreadBodies } from "./attack-http.ts";
import { conversation, flood, upgraded } from "./attack-ws.ts";
import { hello, message, topicName } from "./bellwire-messages.ts";
import { times, weighted } from "./chance.ts";
import { type RequestParts, request, requestBytes, withBody } from "./http-text.ts";
import { damagedText, type Fields, hostileValue, mutatedFields, objectText } from "./json-text.ts";
import type { Scene } from "./peer.ts";
import { brokenUpgrade, textFrame } from "./websocket-frames.ts";
import { APP, NEIGHBOURS, OPEN_TOPICS } from "./world.ts";

const APP_PATH = `/app/${APP.key}`;
const QUERY = "?protocol=7&client=js&version=8.6.0";
const text = (value: string): string => JSON.stringify(value);
const sign = (signed: string, secret: string = APP.secret): string =>
  createHmac("sha256", secret).update(signed).digest("hex");

/**
 * A signature: right mostly, otherwise for another key, socket, channel, or with another secret.
 */
function auth(random: Random, socketId: string, channel: string, data?: string): string {
  const signed = (socket: string, name: string): string =>
    `${socket}:${name}${data === undefined ? "" : `:${data}`}`;
  switch (random.int(10)) {
    case 0:
      return `other-key:${sign(signed(socketId, channel))}`;
    case 1:
      return `${APP.key}:${sign(signed("1.1", channel))}`;
    case 2:
      return `${APP.key}:${sign(signed(socketId, "private-other"))}`;
    case 3:
      return `${APP.key}:${sign(signed(socketId, channel), "another secret")}`;
    case 4:
      return random.pick(["", ":", "x", `${APP.key}:`, `${APP.key}:${"z".repeat(64)}`, "\u0000"]);
    default:
      return `${APP.key}:${sign(signed(socketId, channel))}`;
  }
}

function channelData(random: Random): string {
  if (random.chance(0.7)) return `{"user_id":${random.pick(['"1"', '"2"', "7"])},"user_info":{"name":"x"}}`;
  return `{"user_id":${hostileValue(random)},"user_info":${hostileValue(random)}}`;
}

function subscribe(random: Random, socketId: string): Fields {
  const channel = random.chance(0.9)
    ? topicName(random)
    : random.pick(["#server-to-user-1", "private-encrypted-x", "private-", "presence-"]);
  const data = channel.startsWith("presence-") || random.chance(0.1) ? channelData(random) : undefined;
  const fields: Fields = [["channel", text(channel)]];
  if (channel.startsWith("pr")) fields.push(["auth", text(auth(random, socketId, channel, data))]);
  if (data !== undefined) fields.push(["channel_data", text(data)]);
  return fields;
}

function signIn(random: Random, socketId: string): Fields {
  const user = random.chance(0.7) ? `{"id":"${random.int(3)}"}` : `{"id":${hostileValue(random)}}`;
  const signature = random.chance(0.7) ? sign(`${socketId}::user::${user}`) : "0".repeat(64);
  return [
    ["auth", text(`${APP.key}:${signature}`)],
    ["user_data", text(user)],
  ];
}

/** An event of a stock client with an object as data, now and then encoded once more or damaged. */
function stockEvent(random: Random, socketId: string): string {
  const of = (event: string, data: Fields, rest: Fields = []): string => {
    const fields = random.chance(0.3) ? mutatedFields(random, data) : data;
    const json = random.chance(0.1) ? JSON.stringify(objectText(fields)) : objectText(fields);
    const whole: Fields = [["event", text(event)], ["data", json], ...rest];
    const result = objectText(random.chance(0.1) ? mutatedFields(random, whole) : whole);
    return random.chance(0.05) ? damagedText(random, result) : result;
  };
  const channel = (): Fields => [["channel", text(topicName(random))]];
  return weighted<() => string>(random, [
    [35, () => of("pusher:subscribe", subscribe(random, socketId))],
    [15, () => of("pusher:unsubscribe", channel())],
    [8, () => of("pusher:signin", signIn(random, socketId))],
    [6, () => of(random.pick(["pusher:ping", "pusher:pong"]), [])],
    [
      20,
      () =>
        of(
          random.pick(["client-typing", "client-", "client-x", "client-__proto__"]),
          [["a", hostileValue(random)]],
          channel(),
        ),
    ],
    [
      6,
      () =>
        of(
          random.pick([
            "pusher:connection_established",
            "pusher_internal:subscription_succeeded",
            "pusher:error",
            "bellwire:message",
            "said",
            "",
          ]),
          channel(),
          channel(),
        ),
    ],
    [4, () => hostileValue(random)],
  ])();
}

async function stockSession(scene: Scene): Promise<void> {
  const { random } = scene;
  const peer = await upgraded(scene, `${APP_PATH}${QUERY}`);
  const [, socketId] = (await peer?.sees(/socket_id\\":\\"([\d.]+)/)) ?? [];
  if (!peer || socketId === undefined) return;
  peer.reaches("established");
  if (random.chance(0.04)) return flood(scene, peer, textFrame(stockEvent(random, socketId)));
  await conversation(scene, peer, () => stockEvent(random, socketId));
}

async function nativeSession(scene: Scene): Promise<void> {
  const { random } = scene;
  const peer = await upgraded(scene, `/bellwire${APP_PATH}?protocol=7`);
  if (!peer || !(await peer.sees(/connection_established/))) return;
  const wrapped = (json: string): string => `{"event":"bellwire:message","data":${json}}`;
  await peer.write(textFrame(wrapped(hello(random))));
  if (await peer.sees(/"welcome"/, 200)) peer.reaches("welcomed");
  await conversation(scene, peer, () => {
    const next = wrapped(message(random));
    return random.chance(0.05)
      ? stockEvent(random, "1.1")
      : random.chance(0.05)
        ? damagedText(random, next)
        : next;
  });
}

/** A publish by the API: to one channel, to many, to too many. */
function trigger(random: Random): Fields {
  const count = weighted(random, [
    [10, 1],
    [3, 5],
    [1, 100],
    [1, 101],
  ]);
  const channels = times(count, () => text(random.pick([...OPEN_TOPICS, "nowhere", "#server-to-user-1"])));
  const fields: Fields = [
    ["name", text(random.pick(["said", "said", "now", "typing", "pusher:x", "x".repeat(201)]))],
    ["data", random.chance(0.8) ? text('{"n":1}') : hostileValue(random)],
    count === 1 ? ["channel", channels[0] ?? '""'] : ["channels", `[${channels.join(",")}]`],
  ];
  if (random.chance(0.3)) fields.push(["socket_id", random.pick(['"1.1"', '"1.1\\n"', '"x"', "7"])]);
  if (random.chance(0.2))
    fields.push(["info", random.pick(['"subscription_count"', '"user_count"', '"__proto__"', "1"])]);
  return fields;
}

/** A request to the API, its signature mostly right for what it carries. */
function apiRequest(random: Random): RequestParts {
  const base = `/apps/${APP.id}`;
  const event = (): string =>
    objectText(random.chance(0.3) ? mutatedFields(random, trigger(random)) : trigger(random));
  const batch = (): string => `{"batch":[${times(random.pick([1, 3, 10, 11]), event).join(",")}]}`;
  const [method, path, whole] = weighted<() => readonly [string, string, string]>(random, [
    [30, () => ["POST", `${base}/events`, event()]],
    [15, () => ["POST", `${base}/batch_events`, batch()]],
    [
      5,
      () => [
        "POST",
        `${base}/users/${random.pick(["1", "%00", "__proto__", "a%2fb"])}/terminate_connections`,
        "",
      ],
    ],
    [5, () => ["POST", `${base}/channels/news.a/events`, '{"n":1}']],
    [10, () => ["GET", `${base}/channels`, ""]],
    [10, () => ["GET", `${base}/channels/${random.pick([...OPEN_TOPICS, "__proto__", "%", "%e0%a4"])}`, ""]],
    [10, () => ["GET", `${base}/channels/presence-room.a/users`, ""]],
    [3, () => [random.pick(["PUT", "DELETE", "HEAD"]), `${base}/events`, "{}"]],
    [3, () => ["POST", `/apps/${random.pick(["2", "__proto__", ""])}/events`, "{}"]],
  ])();
  // A neighbour's stream is not for who knows the secret to disturb: that would be no attack.
  const body = random.chance(0.05) ? damagedText(random, whole) : whole;
  const bytes = Buffer.from(body.replaceAll(NEIGHBOURS, "news.a"));
  const target = `${path}?${signedQuery(random, method, path, bytes)}`;
  const parts = request(method, target, ["Content-Type: application/json"]);
  if (random.chance(0.15)) return withBody(random, parts, bytes);
  const headers = bytes.length > 0 ? [...parts.headers, `Content-Length: ${bytes.length}`] : parts.headers;
  return { ...parts, headers, body: bytes };
}

/** The parameters of a signed request; one in four is wrong in one of them. */
function signedQuery(random: Random, method: string, path: string, body: Buffer): string {
  const wrong = random.chance(0.25) ? random.int(6) : -1;
  const late = random.pick([-601, 601, 1e9]);
  const now = Math.floor(Date.now() / 1_000) + (wrong === 0 ? late : 0);
  const parameters: string[] = [
    `auth_key=${wrong === 1 ? "other" : APP.key}`,
    `auth_timestamp=${wrong === 2 ? random.pick(["x", "-1", "1e999", "9".repeat(30), ""]) : now}`,
    `auth_version=${wrong === 3 ? "2.0" : "1.0"}`,
  ];
  if (body.length > 0) {
    const digest = createHash("md5")
      .update(wrong === 4 ? "other" : body)
      .digest("hex");
    parameters.push(`body_md5=${digest}`);
  }
  if (method === "GET" && random.chance(0.4)) {
    parameters.push(`filter_by_prefix=${random.pick(["presence-", "news", "__proto__", "%25"])}`);
    parameters.push(`info=${random.pick(["user_count", "subscription_count", "x", "__proto__"])}`);
  }
  if (random.chance(0.05)) parameters.push("__proto__=1", "auth_key=other", "=", "%");
  const sorted = parameters.toSorted();
  const signature = sign(`${method}\n${path}\n${sorted.join("&")}`);
  return [...sorted, `auth_signature=${wrong === 5 ? "0".repeat(64) : signature}`].join("&");
}

async function badConnection(scene: Scene): Promise<void> {
  const { random } = scene;
  const peer = scene.dial();
  const target = random.pick([
    `${APP_PATH}${QUERY}`,
    "/app/other?protocol=7",
    `${APP_PATH}?protocol=${random.pick(["4", "99", "__proto__", "", "1e3"])}`,
    "/app/",
    `/bellwire/app/${"x".repeat(2_000)}`,
    `${APP_PATH}?%00`,
  ]);
  await peer.write(requestBytes(brokenUpgrade(random, target)));
  const answer = await peer.sees(/^HTTP\/1\.1 (\d)/, 100);
  if (answer) peer.reaches(`http ${answer[1]}xx`);
  await peer.pause(20);
}

/** One attack on `/app/KEY`, `/bellwire/app/KEY` or `/apps/ID`. */
export async function attackPusher(scene: Scene): Promise<void> {
  await weighted<() => Promise<void>>(scene.random, [
    [35, () => stockSession(scene)],
    [15, () => nativeSession(scene)],
    [10, () => badConnection(scene)],
    [20, () => requestAfterRequest(scene, apiRequest)],
    [12, () => pipelined(scene, apiRequest)],
    [8, () => unreadBodies(scene, `/apps/${APP.id}/events`)],
    [6, () => slowBody(scene, apiRequest)],
  ])();
}
