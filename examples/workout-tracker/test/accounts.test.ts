/** Signing in, tokens that are wrong or expire, and what is left after a restart. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { createChannel } from "@bellwire/core/client";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { topics } from "../contract.ts";
import { readConfiguration } from "../server/configuration.ts";
import { openDatabase } from "../server/database.ts";
import type { Running } from "../server/start.ts";
import { openTokens } from "../server/tokens.ts";
import { channelOf, PASSWORD, start, type TrackerChannel } from "./people.ts";

let running: Running;
beforeAll(async () => {
  running = await start();
}, 60_000);
afterAll(() => running?.close(), 30_000);

function post(path: string, body: unknown, cookie = ""): Promise<Response> {
  return fetch(`http://127.0.0.1:${running.port}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie },
    body: JSON.stringify(body),
  });
}

const cookieOf = (response: Response): string => response.headers.get("set-cookie")?.split(";", 1)[0] ?? "";

function withToken(token: () => Promise<string>): TrackerChannel {
  const transport = webSocketTransport({ url: `ws://127.0.0.1:${running.port}/bellwire` });
  const channel = createChannel({ topics, transport, token });
  onTestFinished(() => channel.close());
  return channel;
}

/** The state that a channel ends in. */
async function endOf(token: string): Promise<string> {
  const channel = withToken(async () => token);
  channel.connect();
  await expect.poll(() => channel.state, { timeout: 5_000 }).toBe("failed");
  return channel.state;
}

describe("signing in", () => {
  it("gives a token that a channel connects with, and a cookie for the next one", async () => {
    const response = await post("/sign-in", { name: "Mia", password: PASSWORD });
    expect(response.status).toBe(200);
    expect(response.headers.get("set-cookie")).toMatch(/HttpOnly; SameSite=Strict/);
    const { token } = (await response.json()) as { token: string };
    await withToken(async () => token)
      .subscribe("private-user.mia")
      .ready();
    const renewed = await post("/token", {}, cookieOf(response));
    expect(await renewed.json()).toMatchObject({ user: { id: "mia", name: "Mia", role: "member" } });
    await post("/sign-out", {}, cookieOf(response));
    expect(await (await post("/token", {}, cookieOf(response))).json()).toBeNull();
  });

  it("refuses a wrong password, an unknown name, and more attempts than a person makes", async () => {
    expect((await post("/sign-in", { name: "Nobody", password: PASSWORD })).status).toBe(401);
    for (let i = 0; i < 5; i += 1)
      expect((await post("/sign-in", { name: "Ben", password: "wrong" })).status).toBe(401);
    expect((await post("/sign-in", { name: "Ben", password: PASSWORD })).status).toBe(429);
  });

  it("takes nothing that a form of another page could send", async () => {
    const response = await fetch(`http://127.0.0.1:${running.port}/sign-in`, {
      method: "POST",
      body: new URLSearchParams({ name: "Mia", password: PASSWORD }),
    });
    expect(response.status).toBe(415);
  });
});

describe("a channel", () => {
  it("fails for good with a token that is wrong, forged, expired, or says another algorithm", async () => {
    const forge = (key: string, expires: string): Promise<string> =>
      new SignJWT({ name: "Tom", role: "trainer" })
        .setProtectedHeader({ alg: "HS256" })
        .setSubject("tom")
        .setAudience("workout-tracker")
        .setExpirationTime(expires)
        .sign(Buffer.from(key));
    const [kept] = await running.database.query<{ value: string }>("select value from settings");
    const expired = await new SignJWT({ name: "Tom", role: "trainer" })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject("tom")
      .setAudience("workout-tracker")
      .setExpirationTime("-1s")
      .sign(Buffer.from(kept?.value ?? "", "base64"));
    const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${expired.split(".")[1]}.`;
    const tokens = ["nonsense", await forge("not the key of this server at all", "1h"), expired, unsigned];
    for (const token of tokens) expect(await endOf(token)).toBe("failed");
  });

  it("stays connected beyond the life of its token by a fresh one, without a gap", async () => {
    const short = await openTokens(running.database, 2_000);
    let asked = 0;
    const channel = withToken(async () => {
      asked += 1;
      return (await short.issue({ user: "eve", name: "Eve", role: "member" })).token;
    });
    const mine = channel.subscribe("private-user.eve");
    await mine.ready();
    const states: string[] = [];
    channel.onState((state) => states.push(state));
    await expect.poll(() => asked, { timeout: 10_000 }).toBeGreaterThanOrEqual(4);
    await channel.publish("private-user.eve", "ping", {});
    expect(states).toEqual([]);
  });
});

it("a restart keeps data, sign-ins and positions: channels resume without a gap, and hear what changed meanwhile", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tracker-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const configuration = { ...(await readConfiguration()), database: folder };
  const open = (port = 0): Promise<Running> =>
    start({ configuration, port, inMemory: false, databaseUrl: undefined });

  const first = await open();
  const channel = channelOf(first, "mia");
  const mine = channel.subscribe("private-user.mia");
  await mine.ready();
  const completed: string[] = [];
  const alerts: number[] = [];
  const gaps: string[] = [];
  mine.on("workoutChanged", ({ data }) => completed.push(data.id));
  mine.on("alertRaised", ({ data }) => alerts.push(data.id));
  mine.onGap(({ reason }) => gaps.push(reason));
  const finish =
    "insert into workouts (id, user_id, kind, ended_at, calories) values ($1, 'mia', 'run', now(), 100)";
  await first.database.query(finish, ["before"]);
  await expect.poll(() => alerts).toHaveLength(1);
  const device = await first.accounts.admit("mia");
  await first.close();
  // Changed while no hub was there to tell it.
  const stopped = await openDatabase({ folder });
  await stopped.query(finish, ["between"]);
  await stopped.close();

  const second = await open(first.port);
  onTestFinished(() => second.close());
  expect(await second.accounts.renew(device.secret)).toMatchObject({ user: { id: "mia" } });
  await expect.poll(() => completed, { timeout: 15_000 }).toEqual(["before", "between"]);
  await second.database.query(finish, ["after"]);
  await expect.poll(() => alerts).toEqual([1, 2, 3]);
  expect(completed).toEqual(["before", "between", "after"]);
  expect(gaps).toEqual([]);
  const me = (await channel.publish("private-user.mia", "load", {})).data;
  expect(me.workouts.map(({ id }) => id).sort()).toEqual(["after", "before", "between"]);
  expect(me.alerts).toHaveLength(3);
}, 60_000);
