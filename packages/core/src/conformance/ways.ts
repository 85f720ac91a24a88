/** The ways in which each case is run. */
import type { Backplane, HistoryCaps } from "../server/index.ts";
import type { ConnectionFaults, DirectionFaults } from "./faults.ts";
import type { MessageRule } from "./message-faults.ts";
import type { Random } from "./random.ts";

/**
 * The faults that a case tolerates beside its own: `delays` alone, or also connections that are cut
 * at any moment.
 */
export type Hardship = "delays" | "cuts";

/** One way of running a case. */
export interface Way {
  /** Part of the test's name. */
  readonly name: string;
  readonly seed: number;
  /** Whether connections have faults. */
  readonly faults: boolean;
  /** Makes the hubs' backplane, empty, for each case. Absent: in memory. */
  readonly backplane?: EngineUnderTest | undefined;
}

/** Makes a backplane over an empty log of its own, whose topics keep so much history. */
export type EngineUnderTest = (history: Partial<Omit<HistoryCaps, "ids">>) => Backplane | Promise<Backplane>;

/** Connections of one client that may be cut; later ones are not, so that the run ends. */
const ACCIDENTS = 4;

/** Bytes of a connection that are sliced: enough for every kind of message, and runs stay short. */
const SLICED = 4_096;

/** The faults of one client's connections, on a transport with a port. */
export function connectionPlan(hardship: Hardship): (connection: number, random: Random) => ConnectionFaults {
  return (connection, random) => {
    const up = slowDirection(random);
    const down = slowDirection(random);
    if (hardship === "delays" || connection >= ACCIDENTS) return { up, down };
    const kind = random.pick(["cut", "reset", "finish"] as const);
    const accident = { at: random.int(2_500), kind };
    return random.chance(0.7) ? { up, down: { ...down, accident } } : { up: { ...up, accident }, down };
  };
}

function slowDirection(random: Random): DirectionFaults {
  return {
    latency: random.int(3),
    jitter: random.int(6),
    // Three connections in ten pass byte by byte, through the middle of characters and line ends.
    slice: random.chance(0.3) ? 1 : random.chance(0.5) ? 1 + random.int(40) : undefined,
    slicedBytes: SLICED,
  };
}

/** The faults of one client's messages, on a transport inside the process. */
export function messageRules(hardship: Hardship, random: Random): MessageRule[] {
  const delays: MessageRule[] = (["notification", "subscribed", "publish", "acknowledged"] as const).map(
    (type) => ({
      type,
      nth: 1 + random.int(5),
      every: 3 + random.int(9),
      fault: "delay",
      ms: random.int(6),
    }),
  );
  if (hardship === "delays") return delays;
  const cuts: MessageRule[] = Array.from({ length: ACCIDENTS }, () => ({
    type: random.pick([
      "notification",
      "notification",
      "subscribed",
      "subscribe",
      "welcome",
      "publish",
    ] as const),
    nth: 1 + random.int(30),
    fault: "cut",
  }));
  return [...cuts, ...delays];
}
