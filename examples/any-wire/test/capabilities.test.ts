import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));

it("docs/capabilities.md agrees with the adapters' records", async () => {
  const script = ["--import", "tsx", "--conditions=@bellwire/source", "scripts/capabilities.ts", "--check"];
  await expect(promisify(execFile)(process.execPath, script, { cwd: root })).resolves.toMatchObject({
    stderr: "",
  });
});
