/** Bellwire over WebSocket, on a hub over a PostgreSQL of its own. */
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { postgresBackplane } from "@bellwire/backplane-postgres";
import pg from "pg";
import type { Contender } from "../contender.ts";
import { startPostgres } from "../engines/postgres.ts";
import { listen } from "../wire/listen.ts";
import { contender as ws } from "./bellwire-ws.ts";
import { OVER_ENGINE } from "./engine-scenarios.ts";
import { serveHub } from "./workout-app.ts";

export const contender: Contender = {
  ...ws,
  name: "Bellwire ws, PostgreSQL",
  scenarios: OVER_ENGINE,
  async serve(order) {
    const server = await startPostgres();
    const pool = new pg.Pool({ connectionString: server.url, max: 10 });
    pool.on("error", () => {});
    const backplane = postgresBackplane(pool, { timeout: 30_000 });
    await backplane.ready();
    const half = await serveHub(order, (hub) => listen((http) => attachWebSocket(hub, http)), { backplane });
    return {
      ...half,
      async close() {
        await half.close();
        await backplane.close();
        await pool.end();
        await server.stop();
      },
    };
  },
};
