/** The backplane of own-backplane, held to the promises of every backplane. */
import { backplaneConformance } from "@bellwire/core/conformance";
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { engineBackplane } from "../own-backplane/backplane.ts";
import { Engine } from "../own-backplane/engine.ts";

// One listener of the kit throws on purpose.
beforeAll(() => void vi.spyOn(console, "error").mockImplementation(() => {}));
afterAll(() => void vi.restoreAllMocks());

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
