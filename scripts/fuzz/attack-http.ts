/**
 * Attacks that every path has to stand: noise, broken requests, many in one write, and bodies that
 * never end.
 */
import type { Random } from "@bellwire/core/conformance";
import { times } from "./chance.ts";
import { mutatedRequest, noise, type RequestParts, request, requestBytes, withBody } from "./http-text.ts";
import type { Scene } from "./peer.ts";

/** Makes a request for a path of the wire under attack. */
export type RequestMaker = (random: Random) => RequestParts;

/** A request, mostly damaged in one way or another. */
function drawn(random: Random, make: RequestMaker): RequestParts {
  const parts = make(random);
  return random.chance(0.4) ? mutatedRequest(random, parts) : parts;
}

/** Requests one after another on one connection, which survives some of them. */
export async function requestAfterRequest(scene: Scene, make: RequestMaker): Promise<void> {
  const { random } = scene;
  const peer = scene.dial();
  for (let left = 1 + random.int(12); left > 0 && !peer.closed; left -= 1) {
    peer.forget();
    await peer.write(random.chance(0.05) ? noise(random) : requestBytes(drawn(random, make)));
    const answer = await peer.sees(/^HTTP\/1\.1 (\d)/, 150);
    if (answer) peer.reaches(`http ${answer[1]}xx`);
  }
}

/**
 * Many requests in one write: streams, commands and refusals in any order, nobody waiting for
 * answers.
 */
export async function pipelined(scene: Scene, make: RequestMaker): Promise<void> {
  const { random } = scene;
  const peer = scene.dial();
  if (random.chance(0.2)) peer.stopReading();
  const clean = random.chance(0.6);
  const count = 2 + random.int(40);
  const requests = times(count, () => requestBytes(clean ? make(random) : drawn(random, make)));
  await peer.write(Buffer.concat(requests), count);
  const answer = await peer.sees(/^HTTP\/1\.1 (\d)/, 100);
  if (answer) peer.reaches(`http ${answer[1]}xx`);
  await peer.pause(100);
}

/**
 * Refused commands whose bodies are not there, back to back: each is answered, or none, but nothing
 * may be answered twice.
 */
export async function unreadBodies(scene: Scene, target: string): Promise<void> {
  const { random } = scene;
  const peer = scene.dial();
  const type = random.pick(["text/plain", "application/json", "application/x-www-form-urlencoded"]);
  const count = 2 + random.int(60);
  const posts = times(count, () => {
    const length = random.int(400);
    const sent = random.chance(0.6) ? random.int(length + 1) : length;
    const parts = request(random.pick(["POST", "POST", "PUT", "DELETE"]), target, [
      `Content-Type: ${type}`,
      `Content-Length: ${length}`,
      ...(random.chance(0.2) ? ["Expect: 100-continue"] : []),
    ]);
    return requestBytes({ ...parts, body: Buffer.alloc(sent, "x") });
  });
  await peer.write(Buffer.concat(posts), count);
  await peer.pause(60);
}

/** A body that comes late, in pieces, or not at all. */
export async function slowBody(scene: Scene, make: RequestMaker): Promise<void> {
  const { random } = scene;
  const peer = scene.dial();
  const bytes = requestBytes(withBody(random, make(random), Buffer.alloc(random.int(2_000), "[")));
  const cut = random.int(bytes.length);
  await peer.write(bytes.subarray(0, cut));
  await peer.pause(40);
  if (random.chance(0.6)) await peer.write(bytes.subarray(cut), 0);
  await peer.pause(40);
}
