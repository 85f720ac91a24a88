/** The backplane of own-backplane, held to what every backplane promises. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { backplaneConformance } from "@bellwire/core/conformance";
import { describe, expect, it, vi } from "vitest";
import { engineBackplane } from "../own-backplane/backplane.ts";
import { Engine } from "../own-backplane/engine.ts";

// One listener of the kit throws on purpose.
vi.spyOn(console, "error").mockImplementation(() => {});

backplaneConformance(
  ({ instances, history = {} }) => {
    const engine = new Engine();
    const size = history.size ?? 256;
    return {
      instances: Array.from({ length: instances }, () => engineBackplane(engine, { size })),
      history: { size },
      lose: async () => engine.restart(),
    };
  },
  { name: "own-backplane", describe, it },
);

it("own-backplane.ts delivers through one hub what another publishes", async () => {
  const folder = fileURLToPath(new URL("../", import.meta.url));
  const args = ["--import", "tsx", "-C", "@bellwire/source", "own-backplane.ts"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
  expect(stdout).toBe("320 kcal at 1, through the other hub\n");
}, 60_000);
