/**
 * Attacks on the routes beside hosted Pusher, whose clients have no link: every request is on its
 * own.
 */
import type { Random } from "@bellwire/core/conformance";
import { pipelined, requestAfterRequest, slowBody, unreadBodies } from "./attack-http.ts";
import { brokenHello, hello, message, publishText, subscribeText, topicName } from "./bellwire-messages.ts";
import { times, weighted } from "./chance.ts";
import { type RequestParts, request, withBody } from "./http-text.ts";
import { damagedText, type Fields, hostileValue, mutatedFields, objectText } from "./json-text.ts";
import type { Scene } from "./peer.ts";
import { TOKEN_MARK } from "./world.ts";

const PATH = "/bellwire/pusher";

/** The messages that a route takes, or others. */
function messages(random: Random, route: string): string {
  if (route === "hello") return random.chance(0.8) ? hello(random) : brokenHello(random);
  const count = random.chance(0.05) ? 51 : 1 + random.int(8);
  const draw = route === "history" ? subscribeText : publishText;
  return times(count, () => (random.chance(0.9) ? draw(random) : message(random))).join(",");
}

function body(random: Random, route: string): string {
  const socket = random.chance(0.9) ? '"123.456"' : hostileValue(random);
  if (route === "webhooks") return `{"time_ms":1,"events":[${hostileValue(random)}]}`;
  if (route === "user") return `socket_id=123.456&x=${random.pick(["", "%ff", "%00"])}`;
  if (route === "auth" && random.chance(0.5))
    return `socket_id=123.456&channel_name=${encodeURIComponent(topicName(random))}`;
  const channels = times(random.pick([1, 2, 101]), () => JSON.stringify(topicName(random)));
  const fields: Fields = [
    ["session", random.chance(0.9) ? '"s1"' : hostileValue(random)],
    ["socket", socket],
    route === "auth" ? ["channels", `[${channels.join(",")}]`] : ["messages", `[${messages(random, route)}]`],
  ];
  const text = objectText(random.chance(0.2) ? mutatedFields(random, fields) : fields);
  return random.chance(0.05) ? damagedText(random, text) : text;
}

/**
 * A request to one of the routes; the token is mostly a good one, and one of many, for rates go by
 * it.
 */
function routeRequest(random: Random): RequestParts {
  const route = weighted(random, [
    [10, "hello"],
    [30, "history"],
    [30, "publish"],
    [15, "auth"],
    [5, "user"],
    [5, "webhooks"],
    [2, "__proto__"],
    [1, ""],
  ]);
  const form = route === "user" || random.chance(0.1);
  const parts = request(
    random.chance(0.97) ? "POST" : random.pick(["GET", "OPTIONS", "PUT"]),
    `${PATH}/${route}`,
    [
      `Content-Type: ${form ? "application/x-www-form-urlencoded" : "application/json"}`,
      ...(random.chance(0.95) ? [`Authorization: Bearer ${TOKEN_MARK}${random.int(1_000)}`] : []),
      ...(route === "webhooks" ? ["X-Pusher-Key: fuzz-key", `X-Pusher-Signature: ${"0".repeat(64)}`] : []),
    ],
  );
  const bytes = Buffer.from(body(random, route));
  if (random.chance(0.15)) return withBody(random, parts, bytes);
  return { ...parts, headers: [...parts.headers, `Content-Length: ${bytes.length}`], body: bytes };
}

/** One attack on `/bellwire/pusher`. */
export async function attackHosted(scene: Scene): Promise<void> {
  await weighted<() => Promise<void>>(scene.random, [
    [50, () => requestAfterRequest(scene, routeRequest)],
    [25, () => pipelined(scene, routeRequest)],
    [15, () => unreadBodies(scene, `${PATH}/publish`)],
    [10, () => slowBody(scene, routeRequest)],
  ])();
}
