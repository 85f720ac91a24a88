/**
 * `blocked-websocket`: a proxy on the way refuses every upgrade; who gets through, and how fast?
 */

import type { Network } from "../network/network.ts";
import type { Half } from "../process/child.ts";
import { type Columns, emptyRow, figuresOf } from "../report/figures.ts";
import type { MetricDefinition, Row } from "../results.ts";
import type { Entrant, Scenario, Stage } from "../scenario.ts";
import type * as clientHalf from "./blocked-websocket-half.ts";
import type { Attempt } from "./blocked-websocket-half.ts";
import type * as serverHalf from "./population/server-half.ts";

type ServerModule = typeof serverHalf;
type ClientModule = typeof clientHalf;

/** Milliseconds after which a client is taken for one that does not get through. */
const PATIENCE = { quick: 4_000, full: 30_000 };

const METRICS: readonly MetricDefinition[] = [
  { id: "connects", label: "gets through", unit: "%", better: "higher", digits: 0, compared: false },
  { id: "connect-ms", label: "after ms", unit: "ms", better: "lower", digits: 0, compared: false },
];

const COLUMNS: Columns<Attempt> = {
  connects: ({ connected }) => (connected ? 100 : 0),
  "connect-ms": ({ connected, milliseconds }) => (connected ? milliseconds : undefined),
};

export const blockedWebSocket: Scenario = {
  name: "blocked-websocket",
  takesPart: () => true,
  async run(stage) {
    const { entrants, profile, progress } = stage;
    const patience = PATIENCE[profile];
    const network = await stage.network();
    progress.begin("blocked-websocket", 1);
    progress.step("everybody tries");
    let attempts: readonly Attempt[];
    try {
      attempts = await Promise.all(entrants.map((entrant) => attempt(entrant, patience, network, stage)));
    } finally {
      await network.close();
    }
    return {
      name: "blocked-websocket",
      title: "Blocked WebSocket: a proxy that refuses upgrades",
      setup: `Every client goes through a proxy that answers upgrades with 403 and lets other HTTP through; it has ${patience / 1_000} s to subscribe. Loopback.`,
      metrics: METRICS,
      rows: entrants.map((entrant, index) => rowOf(entrant, attempts[index], stage)),
      verdicts: [],
      notes: ["A contender that does not get through is a result here, not a fault of the run."],
    };
  },
};

async function attempt(entrant: Entrant, patience: number, network: Network, stage: Stage): Promise<Attempt> {
  const pair = stage.pair(entrant);
  const [server, client]: [Half<ServerModule>, Half<ClientModule>] = await Promise.all([
    pair.server.become<ServerModule>(new URL("./population/server-half.ts", import.meta.url)),
    pair.clients.become<ClientModule>(new URL("./blocked-websocket-half.ts", import.meta.url)),
  ]);
  try {
    const port = await network.blocked(await server.ask("serve", entrant.module));
    return await client.ask("attempt", entrant.module, port, patience);
  } finally {
    await client.ask("close");
    await server.ask("close");
  }
}

function rowOf(entrant: Entrant, attempt: Attempt | undefined, { random }: Stage): Row {
  return { ...emptyRow(entrant), figures: figuresOf(COLUMNS, attempt ? [attempt] : [], random) };
}
