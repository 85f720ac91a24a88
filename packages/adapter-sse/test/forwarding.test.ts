/** Requests up that reach another hub than the one that holds their stream, over real servers. */
import { defineTopics, type } from "@bellwire/core";
import { createChannel } from "@bellwire/core/client";
import { seededRandom, VirtualClock } from "@bellwire/core/conformance";
import { type Backplane, type HubOptions, type Identity, memoryBackplane } from "@bellwire/core/server";
import { describe, expect, it, onTestFinished } from "vitest";
import { sseTransport } from "../src/client.ts";
import { type Answer, ask, newHub, openLink, pause, post, serving, until } from "./serving.ts";

const topics = defineTopics({ "presence-room": {}, news: { said: type<{ n: number }>() } });
const HELLO = '[{"type":"hello","protocol":1,"session":"a-session-of-this-test"}]';

interface Member {
  readonly hub: ReturnType<typeof newHub<typeof topics.map>>;
  readonly port: number;
  /** Volatile messages that this hub has sent. */
  readonly sent: { topic: string; json: string }[];
  /** The part of volatile messages that is lost on the way to this hub. */
  loss: number;
  /** Nothing that this hub sends arrives, as when its process stands still. */
  mute: boolean;
}

/** Hubs that know each other, each on its own server. */
async function cluster(count: number, options: Partial<HubOptions<typeof topics.map, Identity>> = {}) {
  const shared = memoryBackplane();
  const random = seededRandom(20_261_128);
  const members: Member[] = [];
  for (let index = 0; index < count; index += 1) {
    const member = { loss: 0, mute: false, sent: [] as Member["sent"] } as Member;
    const backplane: Backplane = {
      ...shared,
      async spread(topic, entry) {
        member.sent.push({ topic, json: entry.json });
        if (!member.mute) await shared.spread(topic, entry);
      },
      listen: (topic, listener) =>
        shared.listen(topic, (epoch, entry) => {
          if (entry.offset > 0 || !random.chance(member.loss)) listener(epoch, entry);
        }),
      close: async () => {},
    };
    const hub = newHub({
      topics,
      backplane,
      authenticate: ({ token }) => (token === undefined ? {} : { user: token }),
      ...options,
    });
    members.push(Object.assign(member, { hub, port: await serving(hub) }));
  }
  await pause(20);
  return members as [Member, Member, Member];
}

const requestsIn = ({ sent }: Member): number => sent.filter(({ json }) => json.includes('"request"')).length;
const codeOf = ({ body }: Answer): unknown => (JSON.parse(body) as { code: unknown }).code;
/** Where the requests of a client go, one after another, whatever its stream is on. */
function inTurn(members: readonly Member[]): typeof fetch {
  let turn = 0;
  return (input, init) => {
    const url = new URL(input as string);
    url.port = `${members[turn++ % members.length]?.port}`;
    return fetch(url, init);
  };
}

function channelOf(members: readonly Member[], token?: string) {
  const channel = createChannel({
    topics,
    transport: sseTransport({
      url: `http://127.0.0.1:${members[0]?.port}/bellwire/sse`,
      fetch: inTurn(members),
    }),
    ...(token !== undefined && { token: () => token }),
  });
  onTestFinished(() => channel.close());
  channel.connect();
  return channel;
}

describe("a request that reaches another hub than its link's", () => {
  it.each([0, 0.1])(
    "is carried out once and in order, with no sticky sessions and a loss of %d",
    async (loss) => {
      const members = await cluster(3, { limits: { messageRate: 10_000, messageBurst: 10_000 } });
      for (const member of members) member.loss = loss;
      const numbers: number[] = [];
      members[1].hub.handle("news", "said", ({ data }) => void numbers.push(data.n));
      const channel = channelOf(members);
      members[0].hub.handle("news", "said", ({ data }) => void numbers.push(data.n));
      members[2].hub.handle("news", "said", ({ data }) => void numbers.push(data.n));
      const count = loss > 0 ? 40 : 200;
      for (let n = 1; n <= count; n += 1) {
        const done = channel.publish("news", "said", { n });
        if (n % 4 === 0) await done;
      }
      await until(() => numbers.length >= count, "every publish", 20_000);
      expect(numbers).toEqual(Array.from({ length: count }, (_, index) => index + 1));
      // At least ten requests go up, and two of three reach another hub.
      expect(members.reduce((sum, member) => sum + requestsIn(member), 0)).toBeGreaterThan(5);
    },
  );

  it("has the answer of the link's hub, also to a body that is no commands, and to a goodbye", async () => {
    const [near, far] = await cluster(2);
    const link = await openLink(near.port);
    expect((await post(far.port, link.id, 1, HELLO)).status).toBe(204);
    await until(() => link.text.includes("welcome"), "the welcome");
    expect((await post(far.port, link.id, 1, HELLO)).status).toBe(204);
    const refused = await post(far.port, link.id, 2, '{"type":"ping"}');
    expect([refused.status, codeOf(refused)]).toEqual([400, "malformed"]);
    await until(() => link.text.includes("malformed"), "the error");
    const early = Array.from({ length: 65 }, () => '{"type":"ping"}').join();
    expect((await post(far.port, link.id, 3, `[${early}]`)).status).toBe(409);
    const headers = { "bellwire-link": link.id };
    expect((await ask(far.port, { method: "DELETE", headers })).status).toBe(204);
    await until(() => link.ended, "the end of the stream");
    expect((await ask(far.port, { method: "DELETE", headers })).status).toBe(404);
    expect((await post(far.port, link.id, 2, "[]")).status).toBe(404);
  });

  it("of a member who says goodbye makes it leave at once", async () => {
    const members = await cluster(2, { limits: { presenceGrace: 600_000 } });
    const ann = channelOf(members, "ann");
    ann.subscribe("presence-room");
    const bob = channelOf(members, "bob");
    bob.subscribe("presence-room");
    const present = (): number => members[0].hub.members("presence-room").length;
    await until(() => present() === 2, "both members");
    ann.close();
    await until(() => present() === 1, "one member", 20_000);
  });

  it("is refused at once, and sent to nobody, when its link names no hub that is alive", async () => {
    const [near, far] = await cluster(2);
    const link = await openLink(near.port);
    const secret = link.id.slice(12);
    const hub = link.id.slice(0, 12);
    const other = (await openLink(near.port)).id;
    const before = performance.now();
    for (const forged of [
      "",
      "x",
      secret.slice(1),
      `0123456789ab${secret}`,
      `${"0".repeat(12)}${secret}`,
      `$hubs${secret}`,
      `${hub}-${"0".repeat(22)}${link.id.slice(35)}`,
      other.slice(0, 35) + link.id.slice(35),
      `${link.id}x`,
    ]) {
      const answer = await post(far.port, forged, 1, HELLO);
      expect([answer.status, codeOf(answer)]).toEqual([404, "link_lost"]);
    }
    expect(performance.now() - before).toBeLessThan(6_000);
    expect(requestsIn(far)).toBe(0);
  });

  it("is refused by its size before it is forwarded", async () => {
    const [near, far] = await cluster(2);
    const link = await openLink(near.port);
    const answer = await post(far.port, link.id, 1, `["${"x".repeat(70_000)}"]`);
    expect([answer.status, codeOf(answer), requestsIn(far)]).toEqual([413, "too_large", 0]);
  });

  it("loses its link within seconds when that hub does not answer, and at once when it has said goodbye", async () => {
    const [near, far] = await cluster(2);
    const link = await openLink(near.port);
    near.mute = true;
    let before = performance.now();
    expect((await post(far.port, link.id, 1, HELLO)).status).toBe(404);
    expect(performance.now() - before).toBeLessThan(8_000);
    near.mute = false;
    await near.hub.close({ flush: 0, spread: 0 });
    before = performance.now();
    expect((await post(far.port, link.id, 1, HELLO)).status).toBe(404);
    expect(performance.now() - before).toBeLessThan(1_900);
  });

  it("is refused for now when too many others are on their way", async () => {
    const clock = new VirtualClock();
    const [near, far] = await cluster(2, { clock });
    await clock.advance(500);
    const link = await openLink(near.port);
    near.mute = true;
    const answers: Answer[] = [];
    for (let n = 1; n <= 300; n += 1)
      void post(far.port, link.id, n, "[]").then((answer) => answers.push(answer));
    await until(() => answers.length === 44, "the refusals", 20_000);
    expect(answers.every(({ status, headers }) => status === 503 && headers["retry-after"] === "1")).toBe(
      true,
    );
    await clock.advance(2_000);
    await until(() => answers.length === 300, "the others", 20_000);
    expect(answers.slice(44).every(({ status }) => status === 404)).toBe(true);
    expect(requestsIn(far)).toBe(256 * 8);
  });
});
