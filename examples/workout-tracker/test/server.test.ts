/**
 * The server's features, by real channels over real sockets. `DATABASE_URL` runs them on
 * PostgreSQL.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as Y from "yjs";
import { topics } from "../contract.ts";
import type { Running } from "../server/start.ts";
import { channelOf, codeOf, heard, start } from "./people.ts";

let running: Running;
const failures: unknown[] = [];

beforeAll(async () => {
  running = await start({ failed: (error) => failures.push(error) });
}, 60_000);
afterAll(() => running?.close(), 30_000);

describe("workouts", () => {
  it("a workout that one device completes is on every other device of the user, with its alert", async () => {
    const phone = channelOf(running, "mia");
    const watch = channelOf(running, "mia");
    const mine = phone.subscribe("private-user.mia");
    await mine.ready();
    const started = heard<{ data: { id: string } }>((listener) => mine.on("workoutChanged", listener));
    const answer = await watch.publish("private-user.mia", "startWorkout", { kind: "run" });
    const { id } = answer.data.workout;
    expect((await started).data.id).toBe(id);

    const alerted = heard<{ data: { kind: string } }>((listener) => mine.on("alertRaised", listener));
    await watch.publish("private-user.mia", "completeWorkout", { id, metres: 5_000, calories: 400 });
    expect((await alerted).data.kind).toBe("workout-completed");
    const me = (await phone.publish("private-user.mia", "load", {})).data;
    expect(me.workouts[0]).toMatchObject({ id, metres: 5_000, calories: 400 });
    expect(me.progress).toMatchObject({ calories: 400, workouts: 1 });
  });

  it("a change that plain SQL makes, outside every handler, is published like one that a command makes", async () => {
    const mine = channelOf(running, "ben").subscribe("private-user.ben");
    await mine.ready();
    const heardOf: string[] = [];
    mine.onAny(({ event, data }) =>
      heardOf.push("kind" in data && event === "alertRaised" ? data.kind : event),
    );
    const achieved = heard((listener) =>
      mine.on("alertRaised", (notification) => {
        if (notification.data.kind === "goal-achieved") listener(notification);
      }),
    );
    await running.database.query(
      `insert into workouts (id, user_id, kind, ended_at, calories) values ('by-hand', 'ben', 'ride', now(), 2500)`,
    );
    await achieved;
    await expect.poll(() => heardOf).toHaveLength(4);
    expect(heardOf.toSorted()).toEqual([
      "goal-achieved",
      "progressChanged",
      "workout-completed",
      "workoutChanged",
    ]);
  });

  it.each(process.env.DATABASE_URL ? ["PostgreSQL"] : [])(
    "what changes while %s has dropped the connection that listens is told when it is back",
    async () => {
      const mine = channelOf(running, "eve").subscribe("private-user.eve");
      await mine.ready();
      const heardOf: string[] = [];
      mine.on("workoutChanged", ({ data }) => heardOf.push(data.id));
      await running.database.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen %'",
      );
      for (const id of ["unheard-1", "unheard-2"])
        await running.database.query("insert into workouts (id, user_id, kind) values ($1, 'eve', 'run')", [
          id,
        ]);
      await expect.poll(() => heardOf, { timeout: 10_000 }).toEqual(["unheard-1", "unheard-2"]);
      await running.database.query("delete from workouts where user_id = 'eve'");
      // The loss itself is reported.
      expect(failures.splice(0)).toHaveLength(1);
    },
  );

  it("a command that is sent again under its id is carried out once and answered the same", async () => {
    const channel = channelOf(running, "eve");
    const send = () => channel.publish("private-user.eve", "startWorkout", { kind: "row" }, { id: "again" });
    const [first, second] = [await send(), await send()];
    expect(second.data).toEqual(first.data);
    const rows = await running.database.query("select id from workouts where user_id = 'eve'");
    expect(rows).toHaveLength(1);
  });
});

describe("a challenge", () => {
  it("acknowledges an activity with the rank, moves the leaderboard, and unlocks achievements once", async () => {
    const channel = channelOf(running, "mia");
    const mine = channel.subscribe("private-user.mia");
    const board = channel.subscribe("private-challenge.november");
    await Promise.all([mine.ready(), board.ready()]);
    const unlocked: string[] = [];
    mine.on("achievementUnlocked", ({ data }) => unlocked.push(data.code));
    const moved = heard<{ data: { places: { userId: string; metres: number }[] } }>((listener) =>
      board.on("leaderboard", listener),
    );
    const answer = await channel.publish("private-challenge.november", "submit", { metres: 12_000 });
    expect(answer.data).toEqual({ metres: 12_000, rank: 1 });
    expect((await moved).data.places[0]).toMatchObject({ userId: "mia", metres: 12_000 });
    await channel.publish("private-challenge.november", "submit", { metres: 1_000 });
    await expect.poll(() => unlocked).toEqual(["first", "ten"]);
  });
});

describe("coaching", () => {
  it("a correction reaches the client when the trainer sends it, and is forbidden to a client posing as one", async () => {
    const mia = channelOf(running, "mia");
    const coaching = mia.subscribe("presence-coaching.tom-mia");
    await coaching.ready();
    const correction = { exercise: "Squat", text: "Knees out" };
    expect(await codeOf(mia.publish("presence-coaching.tom-mia", "correct", correction))).toBe("forbidden");
    expect(
      await codeOf(mia.publish("presence-coaching.tom-mia", "corrected", { ...correction, id: "x", at: 1 })),
    ).toBe("forbidden");
    const corrected = heard<{ data: unknown }>((listener) => coaching.on("corrected", listener));
    await channelOf(running, "tom").publish("presence-coaching.tom-mia", "correct", correction);
    expect((await corrected).data).toMatchObject(correction);
  });

  it("is closed to everybody else", async () => {
    const eve = channelOf(running, "eve");
    expect(await codeOf(eve.subscribe("presence-coaching.tom-mia").ready())).toBe("forbidden");
    expect(await codeOf(eve.publish("presence-coaching.tom-mia", "say", { text: "hi" }))).toBe("forbidden");
    expect(await codeOf(eve.subscribe("private-user.mia").ready())).toBe("forbidden");
    expect(await codeOf(eve.subscribe("presence-plan.spring").ready())).toBe("forbidden");
  });

  it("a message with script in it stays the text that it is, and is said once", async () => {
    const text = `<script>alert(1)</script><img src=x onerror="alert(2)"> '); drop table users; --`;
    const tom = channelOf(running, "tom").subscribe("presence-coaching.tom-mia");
    await tom.ready();
    const said: string[] = [];
    tom.on("said", ({ data }) => said.push(data.text));
    const mia = channelOf(running, "mia");
    await mia.publish("presence-coaching.tom-mia", "say", { text });
    await mia.publish("presence-coaching.tom-mia", "say", { text: "after" });
    await expect.poll(() => said).toEqual([text, "after"]);
    const { messages } = (await mia.publish("presence-coaching.tom-mia", "load", {})).data;
    expect(messages.map((message) => message.text)).toEqual([text, "after"]);
  });

  it("the server names the person who types, whatever the client says, and does not notify that person", async () => {
    const tomTypes: string[] = [];
    const tomChannel = channelOf(running, "tom");
    const tom = tomChannel.subscribe("presence-coaching.tom-mia");
    const mia = channelOf(running, "mia").subscribe("presence-coaching.tom-mia");
    await Promise.all([tom.ready(), mia.ready()]);
    tom.on("typing", ({ data }) => tomTypes.push(data.userId));
    const typing = heard<{ data: { userId: string } }>((listener) => mia.on("typing", listener));
    await tomChannel.publish("presence-coaching.tom-mia", "type", {});
    expect((await typing).data.userId).toBe("tom");
    expect(tomTypes).toEqual([]);
  });
});

describe("a live session", () => {
  it("shares everyone's progress, shows who is there, and is closed by its host alone", async () => {
    const host = channelOf(running, "mia");
    const list = host.subscribe("private-sessions");
    await list.ready();
    const opened = heard<{ data: { id: string } }>((listener) => list.on("opened", listener));
    const answer = await host.publish("private-sessions", "open", { title: "Morning run", kind: "run" });
    const { id } = answer.data;
    expect((await opened).data.id).toBe(id);
    const topic = `presence-session.${id}` as const;
    const hosts = host.subscribe(topic);
    const guest = channelOf(running, "ben");
    const guests = guest.subscribe(topic);
    await Promise.all([hosts.ready(), guests.ready()]);
    await expect.poll(() => Array.from(hosts.members.keys()).sort()).toEqual(["ben", "mia"]);

    const moved = heard<{ data: unknown }>((listener) => hosts.on("moved", listener));
    await guest.publish(topic, "move", { metres: 120, pulse: 140 });
    expect((await moved).data).toMatchObject({ userId: "ben", name: "Ben", metres: 120 });
    const { standings } = (await host.publish(topic, "load", {})).data;
    expect(standings).toHaveLength(1);

    expect(await codeOf(guest.publish("private-sessions", "close", { id }))).toBe("forbidden");
    const closed = heard<{ data: { id: string } }>((listener) => list.on("closed", listener));
    await host.publish("private-sessions", "close", { id });
    expect((await closed).data.id).toBe(id);
  });
});

describe("matching", () => {
  it("pairs exactly two, however many want the same partner at once", async () => {
    const [mia, ben, eve] = ["mia", "ben", "eve"].map((user) => channelOf(running, user));
    if (!mia || !ben || !eve) throw new Error("three channels");
    for (const channel of [mia, ben, eve]) {
      await channel.subscribe("presence-matching").ready();
      await channel.publish("presence-matching", "seek", { kind: "run" });
    }
    const answers = await Promise.all(
      [ben, eve].map((channel) => channel.publish("presence-matching", "pair", { userId: "mia" })),
    );
    const paired = answers.filter(({ data }) => data.paired);
    expect(paired).toHaveLength(1);
    const state = (await mia.publish("presence-matching", "load", {})).data;
    expect(state.seekers).toHaveLength(1);
    expect(state.pairings).toHaveLength(1);
  });

  it("forgets a person who looked for a partner and disconnected without notice", async () => {
    const ben = channelOf(running, "ben");
    await ben.subscribe("presence-matching").ready();
    await ben.publish("presence-matching", "seek", { kind: "ride" });
    const mia = channelOf(running, "mia").subscribe("presence-matching");
    await mia.ready();
    const gone = heard<{ data: { userId: string } }>((listener) =>
      mia.on("gone", (notification) => {
        if (notification.data.userId === "ben") listener(notification);
      }),
    );
    ben.close();
    expect((await gone).data.userId).toBe("ben");
  }, 30_000);
});

describe("announcements", () => {
  it("come from an administrator alone, and reach everyone", async () => {
    const news = channelOf(running, "mia").subscribe("private-announcements");
    await news.ready();
    const made = heard<{ data: unknown }>((listener) => news.on("made", listener));
    const text = "The hall is closed on Monday";
    expect(
      await codeOf(channelOf(running, "tom").publish("private-announcements", "announce", { text })),
    ).toBe("forbidden");
    await channelOf(running, "ada").publish("private-announcements", "announce", { text });
    expect((await made).data).toMatchObject({ text, by: "Ada" });
  });
});

it("a change that is rolled back is told to nobody", async () => {
  const news = channelOf(running, "mia").subscribe("private-announcements");
  await news.ready();
  const texts: string[] = [];
  news.on("made", ({ data }) => texts.push(data.text));
  const announce = (id: string): string =>
    `insert into announcements (id, by_name, body) values ('${id}', 'Ada', '${id}')`;
  const failing = running.database.transaction(async (sql) => {
    await sql.query(announce("phantom"));
    throw new Error("on purpose");
  });
  await expect(failing).rejects.toThrow("on purpose");
  await running.database.query(announce("real"));
  await expect.poll(() => texts).toEqual(["real"]);
});

it("the last of many changes that are made at once is told with the state that they leave", async () => {
  const channel = channelOf(running, "mia");
  const mine = channel.subscribe("private-user.mia");
  const board = channel.subscribe("private-challenge.november");
  await Promise.all([mine.ready(), board.ready()]);
  const told: { progress?: unknown; places?: unknown; done: number } = { done: 0 };
  mine.on("progressChanged", ({ data }) => {
    told.progress = data;
  });
  mine.on("workoutChanged", () => {
    told.done += 1;
  });
  board.on("leaderboard", ({ data }) => {
    told.places = data.places;
  });
  await Promise.all(
    Array.from({ length: 12 }, (_, n) => [
      running.database.query(
        "insert into workouts (id, user_id, kind, ended_at, calories) values ($1, 'mia', 'row', now(), 7)",
        [`at-once-${n}`],
      ),
      running.database.query("update goals set target = target + 1 where user_id = 'mia'"),
      channel.publish("private-user.mia", "setGoal", { target: 5_000 + n }),
      channel.publish("private-challenge.november", "submit", { metres: 10 }),
      channelOf(running, "ben").publish("private-challenge.november", "submit", { metres: 20 }),
      channelOf(running, "tom").publish("presence-coaching.tom-mia", "correct", {
        exercise: "Row",
        text: "Slow",
      }),
    ]).flat(),
  );
  await expect.poll(() => told.done).toBe(12);
  const { progress } = (await channel.publish("private-user.mia", "load", {})).data;
  const { places } = (await channel.publish("private-challenge.november", "load", {})).data;
  await expect.poll(() => told).toEqual({ progress, places, done: 12 });
});

it("everything that the triggers publish fits the contract, and nothing in it is never published", async () => {
  await running.database.query(
    "insert into plan_updates (plan_id, body) select 'spring', $1 where not exists (select from plan_updates)",
    [Buffer.from(Y.encodeStateAsUpdate(new Y.Doc())).toString("base64")],
  );
  const rows = await running.database.query<{ topic: string; event: string; data: string }>(
    "select topic, event, data from bellwire_entries join bellwire_topics using (no)",
  );
  const published = new Set<string>();
  for (const { topic, event, data } of rows) {
    const found = topics.find(topic);
    const schema = found?.event(event)?.schema;
    if (!found || !schema) throw new Error(`${topic} ${event} is not in the contract`);
    expect(
      (await schema["~standard"].validate(JSON.parse(data))).issues,
      `${topic} ${event}`,
    ).toBeUndefined();
    published.add(`${found.pattern} ${event}`);
  }
  const logged = Object.entries(topics.map).flatMap(([pattern, events]) =>
    Object.keys(events)
      .filter((event) => {
        const { kind, returns } = topics.find(pattern.replace(/\{\w+\}/g, "x"))?.event(event) ?? {};
        return kind !== "volatile" && !returns;
      })
      .map((event) => `${pattern} ${event}`),
  );
  expect(Array.from(published).sort()).toEqual(logged.sort());
});

it("the server reported no error", () => {
  expect(failures).toEqual([]);
});
