/** The demonstration: what a visitor has seen after five seconds. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { createDemo, type Demo } from "../server/demo/demo.ts";
import { CHALLENGE, PLAN, SESSIONS } from "../server/demo/seed.ts";
import type { Running } from "../server/start.ts";
import { channelOf, start } from "./people.ts";

let demo: Demo;
let running: Running;
const failures: unknown[] = [];
const failed = (error: unknown): void => void failures.push(error);

beforeAll(async () => {
  demo = createDemo();
  running = await start({ seed: demo.seed, failed });
  demo.begin(running, failed);
}, 60_000);
afterAll(async () => {
  demo?.end();
  await running?.close();
}, 30_000);

it("within five seconds a visitor sees others move, a leaderboard change, the trainer write, and somebody edit the plan", async () => {
  const response = await fetch(`http://127.0.0.1:${running.port}/visit`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ as: "member" }),
  });
  const { user } = (await response.json()) as { user: { id: string } };
  const channel = channelOf(running, user.id);
  const seen = new Set<string>();
  const me = (await channel.publish(`private-user.${user.id}`, "load", {})).data;
  expect(me.workouts.length).toBeGreaterThan(0);
  const [coaching] = me.coachings;
  const [session] = SESSIONS;
  if (!coaching || !session) throw new Error("a coaching and a session");
  const live = channel.subscribe(`presence-session.${session.id}`);
  live.on("moved", ({ data }) => seen.add(`moved by ${data.userId}`));
  channel.subscribe(`private-challenge.${CHALLENGE}`).on("leaderboard", () => seen.add("leaderboard"));
  const conversation = channel.subscribe(`presence-coaching.${coaching.id}`);
  conversation.on("typing", () => seen.add("typing"));
  conversation.on("said", () => seen.add("said"));
  channel.subscribe(`presence-plan.${PLAN}`).on("aware", () => seen.add("editor"));
  const matching = channel.subscribe("presence-matching");
  await expect
    .poll(() => Array.from(seen), { timeout: 5_000 })
    .toEqual(expect.arrayContaining(["moved by lena", "leaderboard", "typing", "said", "editor"]));
  expect(live.members.size).toBeGreaterThanOrEqual(4);
  expect(matching.members.size).toBeGreaterThanOrEqual(6);
  const partners = await channel.publish("presence-matching", "load", {});
  expect(partners.data.seekers.length).toBeGreaterThan(0);
  expect(failures).toEqual([]);
}, 30_000);
