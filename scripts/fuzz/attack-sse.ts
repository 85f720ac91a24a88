/** Attacks on the SSE wire: streams, the way back, and both on one connection. */
import type { Random } from "@bellwire/core/conformance";
import { pipelined, requestAfterRequest, slowBody, unreadBodies } from "./attack-http.ts";
import { brokenHello, hello, jsonMessage, message, topicName } from "./bellwire-messages.ts";
import { times, weighted } from "./chance.ts";
import { mutatedRequest, type RequestParts, request, requestBytes, withBody } from "./http-text.ts";
import { damagedText } from "./json-text.ts";
import type { Scene } from "./peer.ts";
import { TOKEN_MARK } from "./world.ts";

const PATH = "/bellwire/sse";
const JSON_TYPE = "Content-Type: application/json";

/** A stream of Bellwire's own client, or of a stock one with whatever it asks for. */
function stream(random: Random): RequestParts {
  if (random.chance(0.4)) return request("GET", PATH);
  const names = times(
    1 + random.int(random.chance(0.05) ? 200 : 3),
    () => `topic=${encodeURIComponent(topicName(random))}`,
  );
  if (random.chance(0.2)) names.push(`token=${TOKEN_MARK}${random.int(6)}`);
  if (random.chance(0.3))
    names.push(`cursor=${random.pick(["e30", "__proto__", "%00", "W10", "a".repeat(3_000), "%ff"])}`);
  if (random.chance(0.3))
    names.push(`history=${random.pick(["0", "5", "300", "-1", "1e9", "", "%00", "%D9%A3"])}`);
  if (random.chance(0.1)) names.push(`since=${random.pick(["0", "9".repeat(15), "9".repeat(400), "x"])}`);
  return request("GET", `${PATH}?${names.join("&")}`);
}

/** The first post of a link: its hello, and nothing before the hub has answered. */
function greeting(random: Random): readonly string[] {
  return [random.chance(0.9) ? hello(random) : brokenHello(random)];
}

/** Commands of a link, in a request that is mostly right. */
function commands(random: Random, link: string, number: number, messages: readonly string[]): RequestParts {
  const named = random.chance(0.97)
    ? link
    : random.pick(["__proto__", "constructor", "", "x".repeat(4_000), `${link}x`]);
  const numbered = random.chance(0.9)
    ? number
    : random.pick([0, -1, 1, number + 1, number + 70, 1e14, "1e3", "", "0x1", "9".repeat(40)]);
  const parts = request("POST", PATH, [
    random.chance(0.97)
      ? JSON_TYPE
      : `Content-Type: ${random.pick(["text/plain", "application/json;charset=x", ""])}`,
    `bellwire-link: ${named}`,
    `bellwire-number: ${numbered}`,
  ]);
  const text = `[${messages.join(",")}]`;
  const body = Buffer.from(random.chance(0.03) ? damagedText(random, text) : text);
  if (random.chance(0.2)) return withBody(random, parts, body);
  return { ...parts, headers: [...parts.headers, `Content-Length: ${body.length}`], body };
}

/** Commands that no link waits for. */
function strayCommands(random: Random): RequestParts {
  return commands(random, "none", 1, [message(random)]);
}

/** Any request for the path. */
function any(random: Random): RequestParts {
  return weighted<() => RequestParts>(random, [
    [10, () => stream(random)],
    [6, () => strayCommands(random)],
    [3, () => request("DELETE", PATH, [`bellwire-link: ${random.pick(["none", "__proto__"])}`])],
    [3, () => request("OPTIONS", PATH, ["Origin: http://127.0.0.1", "Access-Control-Request-Method: POST"])],
    [2, () => request("HEAD", PATH)],
    [2, () => mutatedRequest(random, stream(random))],
    [2, () => withBody(random, request("GET", PATH), Buffer.from("a body of a GET"))],
  ])();
}

/** A link as it should begin, then commands beside it that get worse. */
async function session(scene: Scene): Promise<void> {
  const { random } = scene;
  const down = scene.dial();
  await down.write(requestBytes(request("GET", PATH)));
  const [, link] = (await down.sees(/"link":"([^"]+)"/)) ?? [];
  if (link === undefined) return;
  down.reaches("link");
  let up = scene.dial();
  let next = 1;
  /** Returns how many of the requests were taken, as far as their answers came. */
  const post = async (requests: readonly RequestParts[], inputs: number): Promise<number> => {
    if (up.closed) up = scene.dial();
    up.forget();
    await up.write(Buffer.concat(requests.map(requestBytes)), inputs);
    const every = new RegExp(`(HTTP/1\\.1 (?!1)[^]*){${requests.length}}`);
    const all = await up.sees(every, 60);
    const taken = up.received.split("HTTP/1.1 204").length - 1;
    up.reaches(taken === requests.length ? "commands taken" : "commands refused");
    // A connection that was given half a body waits for the rest.
    if (!all) up = scene.dial();
    return taken;
  };
  const first = greeting(random);
  next += await post([commands(random, link, next, first)], first.length);
  if (await down.sees(/"welcome"/, 100)) down.reaches("welcomed");
  for (let left = 5 + random.int(30); left > 0 && !down.closed; left -= 1) {
    // Requests in one write, their numbers following each other as the hub counts.
    const bodies = times(random.chance(0.2) ? 2 + random.int(5) : 1, () =>
      times(1 + random.int(5), () => jsonMessage(random)),
    );
    let number = next;
    const requests = bodies.map((messages) => {
      const parts = commands(random, link, number, messages);
      number += messages.length;
      return parts;
    });
    const taken = await post(requests, bodies.flat().length);
    // A refused command does not count, and the hub waits for its number.
    next += bodies.slice(0, taken).flat().length;
  }
  if (random.chance(0.3)) await up.write(requestBytes(request("DELETE", PATH, [`bellwire-link: ${link}`])));
  await up.pause(20);
}

/** One attack on `/bellwire/sse`. */
export async function attackSse(scene: Scene): Promise<void> {
  await weighted<() => Promise<void>>(scene.random, [
    [40, () => session(scene)],
    [20, () => pipelined(scene, any)],
    [15, () => pipelined(scene, stream)],
    [15, () => unreadBodies(scene, PATH)],
    [10, () => requestAfterRequest(scene, any)],
    [8, () => slowBody(scene, strayCommands)],
  ])();
}
