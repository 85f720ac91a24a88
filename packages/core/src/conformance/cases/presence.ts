/** Every member list becomes the truth: each user who is present once, and nobody else. */
import assert from "node:assert/strict";
import type { MembersChange, PresenceSubscription } from "../../client/index.ts";
import type { Authenticate, Identity } from "../../server/index.ts";
import type { Client } from "../client.ts";
import type { CaseContext } from "../context.ts";
import type { KitTopics } from "../kit-topics.ts";
import { type Case, pause, rejectsWith } from "./case.ts";

const ROOM = "presence-room.x";

type Room = PresenceSubscription<KitTopics, typeof ROOM>;

/** The token is the user's id. */
const byToken: Authenticate<Identity> = ({ token }) =>
  token ? { user: token, info: { name: `the ${token}` } } : {};

/** A client in the room, and the changes of members that it received. */
interface Attendant {
  readonly client: Client;
  readonly room: Room;
  /** `+id` for each member that joined, `-id` for each that left. */
  readonly news: string[];
}

async function attend(context: CaseContext, user: string): Promise<Attendant> {
  const client = await context.client(user, { token: () => user });
  const room = client.channel.subscribe(ROOM);
  client.log.follow(room);
  const news: string[] = [];
  room.onMembers(({ joined, left }: MembersChange) => {
    news.push(...joined.map(({ id }) => `+${id}`), ...left.map(({ id }) => `-${id}`));
  });
  await client.until(() => room.members.has(user), "to be a member");
  return { client, room, news };
}

function ids({ members }: Room): string[] {
  return Array.from(members.keys()).sort();
}

async function sees({ client, room }: Attendant, expected: readonly string[]): Promise<void> {
  const wanted = [...expected].sort().join();
  await client.until(() => ids(room).join() === wanted, `members ${wanted}, sees ${ids(room).join()}`);
}

export const presence: readonly Case[] = [
  {
    name: "tells every member who is present, with their info, in whatever order they came",
    requires: "presence",
    hardship: "cuts",
    async run(context) {
      await context.open({ authenticate: byToken });
      const everyone: Attendant[] = [];
      for (const user of ["ada", "bob", "cyd"]) everyone.push(await attend(context, user));
      for (const attendant of everyone) {
        await sees(attendant, ["ada", "bob", "cyd"]);
        assert.deepEqual(attendant.room.members.get("ada")?.info, { name: "the ada" });
      }
    },
  },
  {
    name: "counts a user on several links once: one join, one leave",
    requires: "presence",
    async run(context) {
      await context.open({ authenticate: byToken });
      const ada = await attend(context, "ada");
      const first = await attend(context, "bob");
      const second = await attend(context, "bob");
      await sees(second, ["ada", "bob"]);
      first.room.close();
      await sees(second, ["ada", "bob"]);
      await pause(50);
      await sees(ada, ["ada", "bob"]);
      second.client.channel.close();
      await sees(ada, ["ada"]);
      assert.deepEqual(ada.news, ["+ada", "+bob", "-bob"]);
    },
  },
  {
    name: "shows the reconnect of a member to nobody, and only the changes to that member",
    requires: "presence",
    async run(context) {
      await context.open({ authenticate: byToken });
      const [ada, bob] = [await attend(context, "ada"), await attend(context, "bob")];
      await sees(ada, ["ada", "bob"]);
      await bob.client.away();
      const cyd = await attend(context, "cyd");
      await bob.client.back();
      await sees(bob, ["ada", "bob", "cyd"]);
      await sees(cyd, ["ada", "bob", "cyd"]);
      assert.deepEqual(ada.news, ["+ada", "+bob", "+cyd"]);
      assert.deepEqual([...bob.news].sort(), ["+ada", "+bob", "+cyd"]);
    },
  },
  {
    name: "removes a member that does not come back",
    requires: "presence",
    async run(context) {
      await context.open({ authenticate: byToken, limits: { presenceGrace: 100 } });
      const [ada, bob] = [await attend(context, "ada"), await attend(context, "bob")];
      await sees(ada, ["ada", "bob"]);
      await bob.client.away();
      await sees(ada, ["ada"]);
    },
  },
  {
    name: "removes a member at once when its right is revoked, and sends it nothing more",
    requires: "presence",
    async run(context) {
      await context.open({ authenticate: byToken });
      const [ada, bob] = [await attend(context, "ada"), await attend(context, "bob")];
      await sees(ada, ["ada", "bob"]);
      bob.client.log.revoked(ROOM);
      await context.hub.revoke("bob", ROOM);
      await sees(ada, ["ada"]);
      const told = bob.news.length;
      const cyd = await attend(context, "cyd");
      await sees(cyd, ["ada", "cyd"]);
      assert.equal(bob.news.length, told);
    },
  },
  {
    name: "makes no member of a client that is anonymous or not allowed, and shows it no members",
    requires: "presence",
    async run(context) {
      await context.open({ authenticate: byToken, authorize: ({ identity }) => identity.user !== "eve" });
      const ada = await attend(context, "ada");
      const nobody = await context.client("nobody");
      await rejectsWith("forbidden", nobody.channel.subscribe(ROOM).ready());
      const eve = await context.client("eve", { token: () => "eve" });
      const room = eve.channel.subscribe(ROOM);
      await rejectsWith("forbidden", room.ready());
      assert.equal(room.members.size, 0);
      await sees(ada, ["ada"]);
    },
  },
  {
    name: "tells the members of one hub who is present through another",
    requires: "presence",
    async run(context) {
      await context.open({ authenticate: byToken });
      const ada = await attend(context, "ada");
      const { backplane } = context;
      await context.open({ authenticate: byToken, backplane });
      const bob = await attend(context, "bob");
      await sees(ada, ["ada", "bob"]);
      await sees(bob, ["ada", "bob"]);
      bob.client.channel.close();
      await sees(ada, ["ada"]);
    },
  },
  {
    name: "has the true members in every list after many came and went at once",
    requires: "presence",
    hardship: "cuts",
    async run(context) {
      await context.open({
        authenticate: byToken,
        limits: { presenceGrace: 200, subscribeRate: 1_000, linksPerUser: 1_000 },
      });
      const present: Attendant[] = [await attend(context, "ada")];
      for (let turn = 0; turn < 20; turn += 1) {
        const other = present.length > 1 ? context.random.pick(present.slice(1)) : undefined;
        const deed = context.random.pick(["come", "come", "be cut", "leave", "close"] as const);
        if (!other || deed === "come") {
          present.push(await attend(context, `user-${context.random.int(4)}`));
        } else if (deed === "be cut") other.client.cut();
        else {
          present.splice(present.indexOf(other), 1);
          if (deed === "leave") other.room.close();
          else other.client.channel.close();
        }
      }
      const truth = Array.from(new Set(present.map(({ client }) => client.name)));
      for (const attendant of present) await sees(attendant, truth);
    },
  },
];
