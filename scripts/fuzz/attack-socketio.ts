/**
 * Attacks on the Socket.IO wire: its packets by WebSocket and by long polling, and the way from one
 * to the other.
 */
import type { Random } from "@bellwire/core/conformance";
import { pipelined, requestAfterRequest, slowBody, unreadBodies } from "./attack-http.ts";
import { conversation, flood, upgraded } from "./attack-ws.ts";
import { hello, jsonMessage, token, topicName } from "./bellwire-messages.ts";
import { times, weighted } from "./chance.ts";
import { type RequestParts, request, requestBytes, withBody } from "./http-text.ts";
import { damagedText, hostileValue } from "./json-text.ts";
import type { Scene } from "./peer.ts";
import { frame, textFrame } from "./websocket-frames.ts";

const PATH = "/socket.io/";
const SEPARATOR = "\u001e";

/** The path of a transport, with a session or without. */
function path(transport: string, sid?: string): string {
  return `${PATH}?EIO=4&transport=${transport}${sid === undefined ? "" : `&sid=${sid}`}`;
}

const NAMES = [
  "bellwire",
  "subscribe",
  "unsubscribe",
  "history",
  "publish",
  "token",
  "said",
  "__proto__",
  "constructor",
];
/** The library takes these for none of its packets, and closes. */
const RESERVED = ["connect", "disconnect", "connect_error", "newListener", "removeListener"];

/**
 * An event: one message of Bellwire's own client, or a command of a stock one, as it should be or
 * not.
 */
function event(random: Random, native: boolean): string {
  const id = random.chance(0.3)
    ? random.pick(["1", "0", "1e30", "99999999999999999999999999999999", "01"])
    : "";
  if (native && random.chance(0.85)) return `42["bellwire",${jsonMessage(random)}]`;
  const topic = JSON.stringify(topicName(random));
  const args = weighted<() => string>(random, [
    [6, () => `"subscribe",${topic}`],
    [3, () => `"subscribe",${topic},${hostileValue(random)}`],
    [2, () => `"subscribe",${topic},{"history":${hostileValue(random)}}`],
    [2, () => `"history",${topic},${hostileValue(random)}`],
    [1, () => `"history",${topic}`],
    [3, () => `"unsubscribe",${topic}`],
    [5, () => `"publish",${topic},"said",{"n":1}`],
    [5, () => `"publish",${topic},"said",${hostileValue(random)},${hostileValue(random)}`],
    [2, () => `"token",${JSON.stringify(token(random))}`],
    [
      6,
      () =>
        [JSON.stringify(random.pick(NAMES)), ...times(random.int(5), () => hostileValue(random))].join(","),
    ],
  ])();
  return `42${id}[${args}]`;
}

/** Packets that end a link, or should. */
function badPacket(random: Random, native: boolean): string {
  return weighted<() => string>(random, [
    [4, () => damagedText(random, event(random, native))],
    [3, () => `42[${random.pick(["1", "null", "{}", "[]", ""])}]`],
    [3, () => `42[${JSON.stringify(random.pick(RESERVED))},1]`],
    [3, () => `42${random.pick(["1e30", "-1", "9".repeat(400)])}["subscribe","news.a"]`],
    [3, () => `43${random.pick(["", "1", "1e30"])}[${hostileValue(random)}]`],
    [
      3,
      () =>
        `45${random.pick(["1", "0", "9", "99999", "-1"])}-["bellwire",{"_placeholder":true,"num":${random.pick(["0", "5", "-1", '"x"'])}}]`,
    ],
    [2, () => `46${random.int(3)}-1["x",{"_placeholder":true,"num":0}]`],
    [
      4,
      () =>
        `40${random.pick(["", "/other,", "/bellwire,", '{"bellwire":1}', '{"__proto__":1}', "/__proto__,{}"])}`,
    ],
    [2, () => `41${random.pick(["", "/other,"])}`],
    [2, () => `44${hostileValue(random)}`],
    [6, () => random.pick(["2", "3", "2probe", "3probe", "5", "6", "", "7", "x", "4", "42", "4\u0000"])],
    [1, () => "1"],
  ])();
}

/** One packet of Engine.IO's. */
function packet(random: Random, native: boolean): string {
  return random.chance(0.02) ? badPacket(random, native) : event(random, native);
}

/** The handshake of Bellwire's own client. */
const NATIVE = '{"bellwire":1}';

/**
 * How a client joins: Bellwire's own, a stock one with a token or without, or one that is neither.
 */
function join(random: Random): string {
  return `40${weighted(random, [
    [50, NATIVE],
    [25, ""],
    [10, `{"token":${JSON.stringify(token(random))}}`],
    [5, '{"token":{}}'],
    [5, '{"__proto__":{"bellwire":1}}'],
    [5, hostileValue(random)],
  ])}`;
}

async function webSocketSession(scene: Scene): Promise<void> {
  const { random } = scene;
  const peer = await upgraded(scene, path("websocket"));
  if (!peer || !(await peer.sees(/"sid"/))) return;
  const asked = join(random);
  await peer.write(textFrame(asked));
  if (await peer.sees(/40\{"sid"/, 200)) peer.reaches("joined");
  const native = asked === `40${NATIVE}`;
  if (native) await peer.write(textFrame(`42["bellwire",${hello(random)}]`));
  if (native && (await peer.sees(/"welcome"/, 200))) peer.reaches("welcomed");
  if (random.chance(0.05)) await peer.write(frame(2, Buffer.from([1, 2, 3])));
  await conversation(scene, peer, () => packet(random, native));
}

/** Far more namespaces than a session may ask for, and far more packets than it may send. */
async function floodedSession(scene: Scene): Promise<void> {
  const { random } = scene;
  const peer = await upgraded(scene, path("websocket"));
  if (!peer || !(await peer.sees(/"sid"/))) return;
  await peer.write(textFrame(join(random)));
  await flood(
    scene,
    peer,
    textFrame(random.pick([`40/x${random.int(9)},`, "40", '42["subscribe","news.a"]', "2", "3"])),
  );
}

/** A session of long polling, with posts that carry many packets and polls that overlap. */
async function pollingSession(scene: Scene): Promise<void> {
  const { random } = scene;
  const peer = scene.dial();
  await peer.write(requestBytes(request("GET", path("polling"))));
  const [, sid] = (await peer.sees(/"sid":"([^"]+)"/)) ?? [];
  if (sid === undefined) return;
  peer.reaches("session");
  let up = peer;
  const post = async (packets: readonly string[]): Promise<void> => {
    const text = Buffer.from(packets.join(SEPARATOR));
    const parts = request("POST", path("polling", sid), ["Content-Type: text/plain;charset=UTF-8"]);
    const clean = random.chance(0.8);
    const sent = clean
      ? { ...parts, headers: [...parts.headers, `Content-Length: ${text.length}`], body: text }
      : withBody(random, parts, text);
    if (up.closed) up = scene.dial();
    up.forget();
    await up.write(requestBytes(sent), packets.length);
    const [, status] = (await up.sees(/^HTTP\/1\.1 (\d)/, 80)) ?? [];
    up.reaches(status === "2" ? "posts taken" : "posts refused");
    if (status === undefined) up = scene.dial();
  };
  const asked = join(random);
  const native = asked === `40${NATIVE}`;
  await post([asked]);
  if (native) await post([`42["bellwire",${hello(random)}]`]);
  await poll(scene, sid, 1);
  for (let left = 3 + random.int(15); left > 0; left -= 1) {
    const draw = random.int(10);
    if (draw < 7) await post(times(1 + random.int(12), () => packet(random, native)));
    else if (draw < 9) await poll(scene, sid, 1);
    else await poll(scene, sid, 2);
  }
  if (random.chance(0.2)) await upgradeSession(scene, sid);
  // A lost poll ends at once; without this its heartbeat would end it, 35 seconds from now.
  if (scene.quick || random.chance(0.9)) await leave(scene, sid);
}

/** Polls; two at a time are one too many. */
async function poll(scene: Scene, sid: string, count: number): Promise<void> {
  const peer = scene.dial();
  await peer.write(
    Buffer.concat(times(count, () => requestBytes(request("GET", path("polling", sid))))),
    count,
  );
  await peer.sees(/^HTTP\/1\.1 (\d)/, 20);
}

async function leave(scene: Scene, sid: string): Promise<void> {
  const peer = scene.dial();
  const parts = request("POST", path("polling", sid), ["Content-Type: text/plain", "Content-Length: 1"]);
  await peer.write(requestBytes({ ...parts, body: Buffer.from("1") }));
  await peer.sees(/^HTTP\/1\.1 (\d)/, 200);
}

/** The way from polling to a WebSocket, done badly. */
async function upgradeSession(scene: Scene, sid: string): Promise<void> {
  const { random } = scene;
  const peer = await upgraded(scene, path("websocket", sid));
  if (!peer) return;
  for (const text of [
    random.pick(["2probe", "2", "5", "2prob", "42[]"]),
    random.pick(["5", "5", "2probe", "x"]),
  ]) {
    await peer.write(textFrame(text));
    await peer.pause(20);
  }
  if (random.chance(0.5)) await conversation(scene, peer, () => packet(random, true));
}

const SIDS = ["none", "__proto__", "constructor", "", "%00", "x".repeat(4_000), "a&sid=b"];

/** Any request for the path. */
function any(random: Random): RequestParts {
  const transport = random.pick([
    "polling",
    "polling",
    "websocket",
    "webtransport",
    "flashsocket",
    "__proto__",
    "",
  ]);
  const query = random.pick(["", "&j=0", "&b64=1", "&EIO=3", "&t=x", `&x=${"y".repeat(5_000)}`]);
  const known = random.chance(0.7);
  // A handshake that is followed by nothing would leave a session to its heartbeat.
  const target = `${path(transport, known ? random.pick(SIDS.filter((sid) => sid !== "")) : "none")}${query}`;
  if (random.chance(0.5)) return request("GET", target);
  if (random.chance(0.2)) return request("OPTIONS", target, ["Origin: http://127.0.0.1"]);
  const type = random.pick(["text/plain", "application/octet-stream", "application/json", ""]);
  return withBody(
    random,
    request("POST", target, [`Content-Type: ${type}`]),
    Buffer.from(packet(random, true)),
  );
}

/** One attack on `/socket.io`. */
export async function attackSocketIo(scene: Scene): Promise<void> {
  const target = path("polling", "none");
  await weighted<() => Promise<void>>(scene.random, [
    [50, () => webSocketSession(scene)],
    [2, () => floodedSession(scene)],
    [25, () => pollingSession(scene)],
    [7, () => pipelined(scene, any)],
    [7, () => unreadBodies(scene, target)],
    [6, () => requestAfterRequest(scene, any)],
    [5, () => slowBody(scene, any)],
  ])();
}
