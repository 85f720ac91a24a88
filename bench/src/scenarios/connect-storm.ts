/** `connect-storm`: everybody connects at once, as after a deploy. */
import { type Columns, emptyRow, figuresOf } from "../report/figures.ts";
import type { MetricDefinition, Row } from "../results.ts";
import type { Scenario, Stage } from "../scenario.ts";
import { Population, type Storm } from "./population/population.ts";

const PLANS = { quick: { clients: 400, rounds: 2 }, full: { clients: 1_000, rounds: 12 } };

const METRICS: readonly MetricDefinition[] = [
  { id: "server-cpu", label: "server µs/conn", unit: "µs", better: "lower", digits: 0, compared: true },
  { id: "whole-ms", label: "all in, ms", unit: "ms", better: "lower", digits: 0, compared: false },
];

export const connectStorm: Scenario = {
  name: "connect-storm",
  takesPart: ({ load }) => load !== undefined,
  async run(stage) {
    const { clients, rounds: planned } = PLANS[stage.profile];
    const rounds = stage.rounds ?? planned;
    const { entrants, random, progress } = stage;
    progress.begin("connect-storm", entrants.length * (rounds + 2));
    const populations = await Promise.all(
      entrants.map((entrant) => Population.start(entrant, stage.pair(entrant))),
    );
    const storms = new Map<Population, Storm[]>();
    const failures = new Map<Population, number>();
    try {
      // The first storm of a process compiles everything; it is not counted.
      for (let round = 0; round <= rounds; round += 1) {
        for (const population of random.shuffled(populations)) {
          progress.step(`${population.entrant.contender.name}, storm ${round} of ${rounds}`);
          const storm = await population.join(clients, clients);
          await population.leave();
          if (round > 0 || storm.troubles.length > 0)
            storms.set(population, [...(storms.get(population) ?? []), storm]);
        }
      }
      for (const population of populations) failures.set(population, await population.failures());
    } finally {
      await Promise.all(populations.map((population) => population.close()));
    }
    return {
      name: "connect-storm",
      title: "Connect storm: all clients at once",
      setup:
        `${clients.toLocaleString("en-US")} clients connect at the same moment and subscribe to one topic, ${rounds} times; loopback. ` +
        `Server CPU per connection, until the last one is subscribed. The clients are cheap scripts, alike for every row.`,
      metrics: METRICS,
      rows: populations.map((population) =>
        rowOf(population, storms.get(population) ?? [], failures.get(population) ?? 0, clients, stage),
      ),
      verdicts: [],
      notes: [],
    };
  },
};

function rowOf(
  { entrant }: Population,
  storms: readonly Storm[],
  failures: number,
  clients: number,
  { random }: Stage,
): Row {
  const columns: Columns<Storm> = {
    "server-cpu": ({ cpu }) => cpu / clients,
    "whole-ms": ({ milliseconds }) => milliseconds,
  };
  return {
    ...emptyRow(entrant),
    troubles: [
      ...new Set(storms.flatMap(({ troubles }) => troubles)),
      ...(failures > 0 ? [`${failures} publishes failed`] : []),
    ],
    figures: figuresOf(columns, storms, random),
  };
}
