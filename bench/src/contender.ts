/**
 * A contender of the benchmark: one way to bring notifications from a server process to a client
 * process. A new contender is one file that exports `contender`, and one line in registry.ts or
 * `--contender file` on the command line.
 */
import type { ContenderKind, ScenarioName } from "./names.ts";
import type { LoadPlan } from "./wire/load-plan.ts";

/** The caveat of a contender that is not on this machine; it takes the place of `loopback`. */
export const OVER_INTERNET = "hosted, over the internet";

/** One notification as an application publishes it. */
export interface Notice {
  readonly topic: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The server half, running in the server process. */
export interface ServerHalf {
  readonly port: number;
  /**
   * Publishes what is due in one turn of the event loop, in order. MUST NOT wait for the network.
   */
  readonly publish: (notices: readonly Notice[]) => void;
  /**
   * Bytes that the server's sockets have handed to the operating system so far, closed ones
   * included; NaN where nobody counts them.
   */
  readonly bytesWritten: () => number;
  /** Publishes that failed so far; a count other than 0 fails the run. */
  readonly failures: () => number;
  /** Stops listening and ends every connection. Resolves when the port is free. */
  readonly close: () => Promise<void>;
}

/** The order to a server half. */
export interface ServeOrder {
  /** The events of every topic, for contenders with a contract. */
  readonly events: readonly string[];
}

/** The order to one user's client. */
export interface ClientOrder {
  readonly port: number;
  readonly topics: readonly string[];
  /** As in {@link ServeOrder}. */
  readonly events: readonly string[];
  /** Called with each notification as the application would get it. */
  readonly received: (topic: string, data: unknown) => void;
  /** Called when the client says that something went wrong: a gap, an error, a lost connection. */
  readonly troubled: (what: string) => void;
  /**
   * After a loss the client connects again, as an application on this library would, and the loss
   * itself is no trouble. Without it a lost connection is one.
   */
  readonly comesBack: boolean;
}

/** One client that is connected. */
export interface ClientHalf {
  /**
   * Publishes and resolves once the server has taken it. Absent where the contender has no
   * acknowledgement.
   */
  readonly publish?: (notice: Notice) => Promise<void>;
  /**
   * Whether it is connected, as far as it knows. A drive waits for a client that is not and misses
   * something: it is on its way back, and what it missed may come.
   */
  readonly live: () => boolean;
  /** Ends the connection for good; that is no trouble. */
  readonly close: () => void;
}

/** A way to bring notifications to clients; its halves run in different processes. */
export interface Contender {
  /** The name in the tables. */
  readonly name: string;
  readonly kind: ContenderKind;
  /** Those it takes part in; undefined: all that it has the means for. */
  readonly scenarios?: readonly ScenarioName[];
  /** Remarks that stand beside the name wherever it is shown, such as `emulator`. */
  readonly caveats?: readonly string[];
  /**
   * Whether a client that comes back gets what it missed. Where not, a loss after a cut is shown
   * and fails nothing.
   */
  readonly recovers: boolean;
  /**
   * Milliseconds from the loss of a client's connection, or from a failed attempt, until the next
   * attempt is over, at most. Notifications for a client that is away for longer are lost. Default:
   * 35,000, the most that a channel may take: 20 s of backoff and 15 s of attempt.
   */
  readonly comesBackWithin?: number;
  readonly serve: (order: ServeOrder) => Promise<ServerHalf>;
  /** Connects a client as an application would; resolves when every topic is subscribed. */
  readonly connect: (order: ClientOrder) => Promise<ClientHalf>;
  /**
   * How a raw connection joins, for fan-out: the clients must be cheap enough to leave the server
   * its core.
   */
  readonly load?: LoadPlan;
}

/** The topic and the event of the fan-out. Everything in it goes to everyone. */
export const FAN_OUT_TOPIC = "broadcast.all";
export const FAN_OUT_EVENT = "tick";
