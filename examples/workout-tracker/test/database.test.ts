/** The database under the tracker: migrations, transactions, and one process at a time. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openDatabase } from "../server/database.ts";
import { lockFolder } from "../server/folder-lock.ts";
import { migrate } from "../server/migrate.ts";
import { closeAbandonedSessions } from "../server/sessions.ts";

async function temporaryFolder(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), "tracker-"));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  return join(parent, "data");
}

it("migrates once, keeps what it has when it is opened again, and rolls back what failed", async () => {
  const folder = await temporaryFolder();
  const first = await openDatabase({ folder });
  const files = await first.query<{ name: string }>("select name from migrations order by name");
  expect(files.map(({ name }) => name.slice(0, 3))).toEqual(["001", "003", "004", "005", "006"]);
  await first.query("insert into settings (key, value) values ('colour', 'blue')");
  const failing = first.transaction(async (sql) => {
    await sql.query("update settings set value = 'red' where key = 'colour'");
    throw new Error("on purpose");
  });
  await expect(failing).rejects.toThrow("on purpose");
  await first.close();

  const second = await openDatabase({ folder });
  expect(await migrate(second)).toEqual([]);
  expect(await second.query("select value from settings where key = 'colour'")).toEqual([{ value: "blue" }]);

  // Everybody has left one of two live workouts; the third was opened just now.
  await second.script(`
    insert into users values ('mia', 'Mia', 'member', null, 0, 0);
    insert into sessions (id, title, kind, host_id, opened_at) values
      ('left', 'Left', 'run', 'mia', now() - interval '1 hour'),
      ('busy', 'Busy', 'run', 'mia', now() - interval '1 hour'), ('new', 'New', 'run', 'mia', now())`);
  await closeAbandonedSessions(second, (id) => id !== "busy");
  const open = await second.query("select id from sessions where closed_at is null order by id");
  expect(open).toEqual([{ id: "busy" }, { id: "new" }]);
  await second.close();
}, 60_000);

it("lets one process have a folder, and takes it over from one that has died", async () => {
  const folder = await temporaryFolder();
  const unlock = await lockFolder(folder);
  await expect(lockFolder(folder)).rejects.toThrow(`in use by process ${process.pid}`);
  await unlock();
  // No process has the one id, and the other is this one's, which holds nothing.
  for (const dead of [4_194_999, process.pid]) {
    await writeFile(`${folder}.lock`, `${dead}`);
    await (await lockFolder(folder))();
  }
});
