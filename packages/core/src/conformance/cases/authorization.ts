/** Clients receive only what they may, and the expiry of a token does not disturb that. */
import assert from "node:assert/strict";
import type { Authenticate, Authorize, Identity } from "../../server/index.ts";
import { type Case, pause, range, rejectsWith } from "./case.ts";

const byToken: Authenticate<Identity> = ({ token }) => (token ? { user: token } : null);

/** Every form in which an application can refuse. */
const refusals: readonly [what: string, authorize: Authorize<Identity> | null][] = [
  ["there is no authorization", null],
  ["it is denied", () => false],
  ["the authorization answers something else than true", () => "yes" as unknown as boolean],
];

const refused: readonly Case[] = refusals.map(([what, authorize]) => ({
  name: `refuses a private topic when ${what}, and delivers nothing of it`,
  async run(context) {
    await context.open({ authorize, limits: { decisionTimeout: 50 } });
    const client = await context.client("a");
    const subscription = client.follow("private-room.x");
    await rejectsWith("forbidden", subscription.ready());
    await context.publish("private-room.x", { n: 1 });
    await pause(30);
    assert.deepEqual(client.log.entries, []);
    assert.equal(client.channel.state, "connected");
  },
}));

export const authorization: readonly Case[] = [
  ...refused,
  {
    name: "withholds a private topic while the authorization fails, and admits the client once it decides again",
    async run(context) {
      let broken = true;
      await context.open({
        authorize: () => {
          if (broken) throw new Error("broken");
          return true;
        },
      });
      const client = await context.client("a");
      const subscription = client.follow("private-room.x");
      await client.until(() => context.hubErrors.length > 0, "the hub to report the failure");
      await context.publish("private-room.x", { n: 1 });
      assert.deepEqual(client.log.entries, []);
      broken = false;
      await subscription.ready();
      await context.publish("private-room.x", { n: 2 });
      await client.receives("private-room.x", [2]);
      await context.verify();
    },
  },
  {
    name: "admits a client once authentication decides again, after it has failed",
    async run(context) {
      let broken = true;
      await context.open({
        authenticate: () => {
          if (broken) throw new Error("broken");
          return { user: "ada" };
        },
      });
      const client = await context.client("a");
      const subscription = client.follow("private-room.x");
      await client.until(() => context.hubErrors.length > 0, "the hub to report the failure");
      broken = false;
      await subscription.ready();
      assert.equal(client.channel.state, "connected");
    },
  },
  {
    name: "replays nothing to a client that lost the right while away, and reports it",
    requires: "history",
    async run(context) {
      let allowed = true;
      await context.open({ authorize: () => allowed });
      const client = await context.client("a");
      await client.subscribe("private-room.x");
      await context.publish("private-room.x", { n: 1 });
      await client.receives("private-room.x", [1]);
      await client.away();
      allowed = false;
      client.log.revoked("private-room.x");
      await context.publish("private-room.x", { n: 2 });
      await client.back();
      await client.until(() => client.log.ends.has("private-room.x"), "the end");
      assert.equal(client.log.ends.get("private-room.x")?.code, "forbidden");
      assert.deepEqual(
        client.log.gaps.map(({ reason, resumeAt }) => [reason, resumeAt]),
        [["authorization", null]],
      );
      assert.deepEqual(client.log.numbers("private-room.x"), [1]);
      await context.verify();
    },
  },
  {
    name: "delivers nothing that is published after the right was revoked, and leaves others alone",
    async run(context) {
      await context.open({ authenticate: byToken });
      const [ada, bob] = [
        await context.client("ada", { token: () => "ada" }),
        await context.client("bob", { token: () => "bob" }),
      ];
      for (const client of [ada, bob]) {
        await client.subscribe("private-room.x");
        await client.subscribe("news.sport");
      }
      await context.publish("private-room.x", { n: 1 });
      for (const client of [ada, bob]) await client.receives("private-room.x", [1]);
      await context.hub.revoke("ada", "private-room.x");
      await context.publishRange("private-room.x", 2, 9);
      await ada.until(() => ada.log.ends.has("private-room.x"), "the end");
      await context.publish("news.sport", { n: 10 });
      await ada.receives("news.sport", [10]);
      await bob.receives("private-room.x", range(1, 9));
      assert.deepEqual(ada.log.numbers("private-room.x"), [1]);
      await context.verify();
    },
  },
  {
    name: "ends every link of a user whose right to all was revoked, and does not come back",
    async run(context) {
      await context.open({ authenticate: byToken });
      const client = await context.client("ada", { token: () => "ada" });
      await client.subscribe("news.sport");
      await context.hub.revoke("ada");
      await client.until(() => client.channel.state === "failed", "the end");
      await client.until(() => context.hub.links === 0, "no link");
    },
  },
  {
    name: "ends the subscriptions and the links of a user that another hub on the backplane revokes",
    async run(context) {
      await context.open({ authenticate: byToken });
      const ada = await context.client("ada", { token: () => "ada" });
      const bob = await context.client("bob", { token: () => "bob" });
      for (const client of [ada, bob]) {
        await client.subscribe("private-room.x");
        await client.subscribe("news.sport");
      }
      await context.open({ authenticate: byToken, backplane: context.backplane });
      await context.hub.revoke("ada", "private-room.x");
      await ada.until(() => ada.log.ends.has("private-room.x"), "the end of one topic");
      await context.hub.revoke("ada");
      await ada.until(() => ada.channel.state === "failed", "the end of the link");
      await context.publish("news.sport", { n: 1 });
      await bob.receives("news.sport", [1]);
      assert.deepEqual(ada.log.numbers("news.sport"), []);
    },
  },
  {
    name: "stops, and does not try again, when the token is refused",
    async run(context) {
      let asked = 0;
      const authenticate = () => {
        asked++;
        return null;
      };
      await context.open({ authenticate });
      const client = await context.client("a", { token: () => "wrong" });
      await rejectsWith("unauthorized", client.follow("news.sport").ready());
      await client.until(() => client.channel.state === "failed", "the channel to fail");
      await pause(50);
      assert.equal(asked, 1);
      assert.ok(client.errors.every((error) => !String(error).includes("wrong")));
    },
  },
  {
    name: "asks for a token before every attempt",
    hardship: "cuts",
    async run(context) {
      const seen = new Set<string | undefined>();
      await context.open({
        authenticate: ({ token }) => {
          seen.add(token);
          return { user: "ada" };
        },
      });
      let asked = 0;
      const client = await context.client("ada", { token: async () => `token-${++asked}` });
      await client.subscribe("news.sport");
      await client.away();
      await client.back();
      await client.away();
      await client.back();
      await context.publish("news.sport", { n: 1 });
      await client.receives("news.sport", [1]);
      assert.ok(seen.size >= 3 && !seen.has(undefined), `${seen.size} tokens were seen`);
    },
  },
  {
    name: "sends a fresh token when the old one is about to expire, on the same link",
    async run(context) {
      const seen: (string | undefined)[] = [];
      await context.open({
        limits: { expiryNotice: 600 },
        authenticate: ({ token }) => {
          seen.push(token);
          return { user: "ada", expiresAt: Date.now() + 900 };
        },
      });
      let asked = 0;
      const client = await context.client("ada", { token: () => `token-${++asked}` });
      await client.subscribe("news.sport");
      await client.until(() => seen.length >= 4, "the fourth token", 8_000);
      await context.publish("news.sport", { n: 1 });
      await client.receives("news.sport", [1]);
      assert.deepEqual(seen.slice(0, 4), ["token-1", "token-2", "token-3", "token-4"]);
      assert.deepEqual(
        client.states.filter((state) => state === "waiting"),
        [],
      );
    },
  },
  {
    name: "ends the link when the token expired, and recovers with a fresh one",
    requires: "history",
    async run(context) {
      let ends = 0;
      await context.open({
        authenticate: ({ token }) =>
          token === "first" ? { user: "ada", expiresAt: Date.now() + 150 } : token ? { user: "ada" } : null,
        limits: { expiryNotice: 1 },
      });
      const client = await context.client("ada", { token: () => (ends++ === 0 ? "first" : "second") });
      // The notice comes too late, and its answer never comes.
      client.rules.unshift({ type: "token", nth: 1, every: 1, fault: "drop" });
      await client.subscribe("news.sport");
      await context.publish("news.sport", { n: 1 });
      await client.until(() => client.states.includes("waiting"), "the end of the link");
      await context.publish("news.sport", { n: 2 });
      await client.receives("news.sport", [1, 2]);
      await context.verify();
    },
  },
];
