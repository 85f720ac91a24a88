/** Whether two runs can be compared at all, and what has to be said when they can. */
import { RESULTS_VERSION, type Results, type ScenarioResult } from "../results.ts";

/** Why the runs cannot be compared, each reason a sentence. Empty: they can. */
export function obstacles(a: Results, b: Results): string[] {
  const odd = [a, b].filter(({ version }) => version !== RESULTS_VERSION);
  if (odd.length > 0) return [`This program reads version ${RESULTS_VERSION} of the results only.`];
  const names = (results: Results): string => results.scenarios.map(({ name }) => name).join(", ");
  const [ours, theirs] = [names(a), names(b)];
  return [
    ...(a.profile === b.profile ? [] : [`One run is ${a.profile}, the other ${b.profile}.`]),
    ...(ours === theirs ? [] : [`The scenarios differ: ${ours || "none"}; ${theirs || "none"}.`]),
    ...a.scenarios.flatMap((scenario) => {
      const other = b.scenarios.find(({ name }) => name === scenario.name);
      return other ? differences(scenario, other) : [];
    }),
  ];
}

function differences(a: ScenarioResult, b: ScenarioResult): string[] {
  if (a.setup !== b.setup) return [`${a.name} had another workload: "${a.setup}"; "${b.setup}".`];
  return a.metrics.flatMap((metric) => {
    const other = b.metrics.find(({ id }) => id === metric.id);
    if (!other) return [`${a.name}: only the first run has ${metric.id}.`];
    const same = other.unit === metric.unit && other.better === metric.better;
    return same ? [] : [`${a.name}: ${metric.id} means something else in the second run.`];
  });
}

/**
 * The differences between the machines and programs, from which a change may come. The commit is
 * meant to differ.
 */
export function warnings(a: Results, b: Results): string[] {
  const facts = ["cpu", "cores", "kernel", "node", "ws"] as const;
  return facts
    .filter((fact) => a.fingerprint[fact] !== b.fingerprint[fact])
    .map((fact) => `${fact} differs: ${a.fingerprint[fact]}; ${b.fingerprint[fact]}`);
}
