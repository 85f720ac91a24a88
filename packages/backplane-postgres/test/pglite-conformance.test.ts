import { backplaneConformance } from "@bellwire/core/conformance";
import { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll } from "vitest";
import { runner, storesOn } from "./store.ts";

let database: PGlite;

// On a busy machine it takes seconds to compile.
beforeAll(async () => {
  database = await PGlite.create();
}, 60_000);
afterAll(() => database.close());

backplaneConformance(
  storesOn(() => ({ database: () => database, run: (sql) => database.exec(sql) })),
  { name: "PGlite", ...runner },
);
