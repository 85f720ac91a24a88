/** The shared plan: two documents on two channels, also after both were edited offline. */

import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { type FaultProxy, seededRandom, startFaultProxy } from "@bellwire/core/conformance";
import { afterAll, beforeAll, expect, it } from "vitest";
import * as Y from "yjs";
import type { Running } from "../server/start.ts";
import { PlanDocument } from "../web/plan-document.ts";
import { channelOf, codeOf, start } from "./people.ts";

let running: Running;
let proxy: FaultProxy;
beforeAll(async () => {
  running = await start();
  proxy = await startFaultProxy({ target: running.port, random: seededRandom(1) });
}, 60_000);
afterAll(async () => {
  await proxy?.close();
  await running?.close();
}, 30_000);

it("converges after concurrent and offline edits, also for a client that joins later", async () => {
  const transport = webSocketTransport({ url: `ws://127.0.0.1:${proxy.port}/bellwire` });
  const miaChannel = channelOf(running, "mia", transport);
  const mia = new PlanDocument(miaChannel, "spring");
  const ben = new PlanDocument(channelOf(running, "ben"), "spring");
  const textOf = ({ doc }: PlanDocument): string => doc.getText("plan").toJSON();
  await Promise.all([mia.synced(), ben.synced()]);
  mia.doc.getText("plan").insert(0, "Monday: run\n");
  await expect.poll(() => textOf(ben)).toBe("Monday: run\n");

  proxy.refuse(true);
  proxy.cutAll();
  await expect.poll(() => miaChannel.state).not.toBe("connected");
  mia.doc.getText("plan").insert(0, "Sunday: rest\n");
  mia.doc.getText("plan").insert(textOf(mia).length, "Friday: row\n");
  ben.doc.getText("plan").insert(textOf(ben).length, "Tuesday: ride\n");
  const updates = (): Promise<unknown[]> =>
    running.database.query("select id from plan_updates where plan_id = 'spring'");
  await expect.poll(updates).toHaveLength(2);
  expect(textOf(mia)).not.toContain("Tuesday");

  proxy.refuse(false);
  await expect.poll(() => textOf(ben), { timeout: 15_000 }).toContain("Friday");
  await expect.poll(() => textOf(mia), { timeout: 15_000 }).toBe(textOf(ben));
  expect(textOf(mia).split("\n").sort()).toEqual([
    "",
    "Friday: row",
    "Monday: run",
    "Sunday: rest",
    "Tuesday: ride",
  ]);

  const later = new PlanDocument(channelOf(running, "ben"), "spring");
  await later.synced();
  expect(textOf(later)).toBe(textOf(mia));
  for (const one of [mia, ben, later]) one.close();
}, 60_000);

it("merges many updates into one and loses none, and refuses bytes that are no update", async () => {
  const channel = channelOf(running, "mia");
  const own = new PlanDocument(channel, "spring");
  await own.synced();
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  doc.on("update", (update: Uint8Array) => updates.push(update));
  for (let i = 0; i < 230; i += 1) doc.getText("notes").insert(0, `${i} `);
  for (const update of updates)
    await channel.publish("presence-plan.spring", "update", {
      update: Buffer.from(update).toString("base64"),
    });
  const rows = await running.database.query("select id from plan_updates where plan_id = 'spring'");
  expect(rows.length).toBeLessThan(200);
  await expect.poll(() => own.doc.getText("notes").toJSON()).toBe(doc.getText("notes").toJSON());
  const nonsense = { update: Buffer.from("nonsense").toString("base64") };
  expect(await codeOf(channel.publish("presence-plan.spring", "update", nonsense))).toBe("invalid_data");
  own.close();
}, 60_000);
