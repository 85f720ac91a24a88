/** Attacks on the WebSocket wire. */
import { pipelined, requestAfterRequest } from "./attack-http.ts";
import { brokenHello, hello, message } from "./bellwire-messages.ts";
import { times, weighted } from "./chance.ts";
import { request, requestBytes } from "./http-text.ts";
import type { Peer, Scene } from "./peer.ts";
import { brokenUpgrade, frame, messageFrame, oddFrame, textFrame, upgrade } from "./websocket-frames.ts";

const PATH = "/bellwire";

/** Upgrades; undefined where the hub does not want to. */
export async function upgraded(scene: Scene, target: string): Promise<Peer | undefined> {
  const peer = scene.dial();
  const bytes = requestBytes(upgrade(target));
  // Bytes behind the upgrade in the same segment reach the library as its head.
  const eager = scene.random.chance(0.1);
  await peer.write(eager ? Buffer.concat([bytes, oddFrame(scene.random)]) : bytes, eager ? 2 : 1);
  if (!(await peer.sees(/HTTP\/1\.1 101/))) return undefined;
  peer.reaches("upgraded");
  return peer;
}

/** Sends messages and frames in turns, until there were enough or the hub has had enough. */
export async function conversation(scene: Scene, peer: Peer, next: () => string): Promise<void> {
  const { random } = scene;
  if (random.chance(0.05)) peer.stopReading();
  const polite = random.chance(0.9);
  for (let left = 20 + random.int(150); left > 0 && !peer.closed; left -= 1) {
    if (peer.leaving && polite) break;
    if (random.chance(0.06)) {
      await peer.write(oddFrame(random));
      peer.reaches("frames");
    } else {
      await peer.write(messageFrame(random, next()));
      peer.reaches("messages");
    }
    // The hub has its say now and then: what is sent after it has closed attacks nothing.
    if (random.chance(0.2)) await peer.pause(4);
  }
  await peer.pause(30);
}

async function session(scene: Scene): Promise<void> {
  const { random } = scene;
  const peer = await upgraded(scene, PATH);
  if (!peer) return;
  if (random.chance(0.12)) {
    await peer.write(textFrame(random.chance(0.5) ? brokenHello(random) : message(random)));
  } else await peer.write(textFrame(hello(random)));
  if (await peer.sees(/"welcome"/, 200)) peer.reaches("welcomed");
  await conversation(scene, peer, () => message(random));
}

async function badUpgrades(scene: Scene): Promise<void> {
  const { random } = scene;
  const peer = scene.dial();
  for (let left = 1 + random.int(5); left > 0 && !peer.closed; left -= 1) {
    peer.forget();
    await peer.write(requestBytes(brokenUpgrade(random, PATH)));
    const answer = await peer.sees(/^HTTP\/1\.1 (\d)/, 100);
    if (answer) peer.reaches(`http ${answer[1]}xx`);
  }
}

/**
 * The same again and again in one write, more than any rate allows, perhaps with nobody reading the
 * answers.
 */
export async function flood(scene: Scene, peer: Peer, bytes: Buffer): Promise<void> {
  const { random } = scene;
  if (random.chance(0.5)) peer.stopReading();
  const count = 50 + random.int(450);
  peer.reaches("floods");
  await peer.write(Buffer.concat(times(count, () => bytes)), count);
  await peer.pause(100);
}

async function floodedSession(scene: Scene): Promise<void> {
  const { random } = scene;
  const peer = await upgraded(scene, PATH);
  if (!peer) return;
  await peer.write(textFrame(hello(random)));
  await peer.sees(/"welcome"/, 200);
  await flood(scene, peer, random.chance(0.3) ? frame(9, Buffer.alloc(125, 65)) : textFrame(message(random)));
}

/** One attack on `/bellwire`. */
export async function attackWebSocket(scene: Scene): Promise<void> {
  const plain = () => request(scene.random.pick(["GET", "POST"]), PATH);
  await weighted<() => Promise<void>>(scene.random, [
    [70, () => session(scene)],
    [2, () => floodedSession(scene)],
    [15, () => badUpgrades(scene)],
    [8, () => requestAfterRequest(scene, plain)],
    [7, () => pipelined(scene, plain)],
  ])();
}
