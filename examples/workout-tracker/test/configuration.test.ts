/** The one file that chooses wires, back end and database. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readConfiguration } from "../server/configuration.ts";
import { start } from "./people.ts";

async function fileWith(content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tracker-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "tracker.json"), content);
  return join(folder, "tracker.json");
}

it("is read from a file, with the database's folder seen from there", async () => {
  const configuration = await readConfiguration();
  const file = await fileWith(JSON.stringify({ ...configuration, database: "data" }));
  expect((await readConfiguration(file)).database).toBe(join(file, "../data"));
});

it("names the paths of what is wrong, and quotes no value", async () => {
  const configuration = await readConfiguration();
  const wrong = { ...configuration, wire: "s3cret", tokenMinutes: "s3cret", datbase: "s3cret" };
  const message = await readConfiguration(await fileWith(JSON.stringify(wrong))).then(
    () => "read",
    (error: Error) => error.message,
  );
  expect(message).toContain("config.tokenMinutes");
  expect(message).toContain("datbase");
  expect(message).not.toContain("s3cret");
  await expect(readConfiguration(await fileWith("{"))).rejects.toThrow("must be there and be JSON");
});

it("has no backplane beside the database, to which the triggers publish", async () => {
  const configuration = await readConfiguration();
  const server = { ...configuration.server, backplane: "memory" };
  const file = await fileWith(JSON.stringify({ ...configuration, server }));
  await expect(readConfiguration(file)).rejects.toThrow("config.server: must have no backplane");
});

it("with a transport that the server does not serve starts nothing, and leaves nothing behind", async () => {
  const configuration = await readConfiguration();
  const server = { ...configuration.server, transports: ["carrier pigeon"] };
  await expect(start({ configuration: { ...configuration, server } })).rejects.toMatchObject({
    code: "invalid_option",
  });
}, 60_000);
