/** The connection of a channel and, while the channel moves to another wire, a second one beside it. */
import { BellwireError } from "../errors.ts";
import type { CloseCause, Transport } from "../link.ts";
import { ClientConnection, type ConnectionOptions } from "./connection.ts";
import { type Connection, isOver } from "./connection-machine.ts";

export interface ConnectionsOptions extends Omit<ConnectionOptions, "changed"> {
  /** Milliseconds without a connection after which continuity is taken as lost. */
  readonly suspendAfter: number;
  /** Hears of every change. Connected before and now: the link is another one. */
  readonly changed: (now: Connection, before: Connection) => void;
}

/** A switch under way: the connection over the other wire, and who waits for it. */
interface Switch {
  readonly connection: ClientConnection;
  readonly resolve: () => void;
  readonly reject: (error: BellwireError) => void;
}

/** What the hub is told of a link that another one has replaced: as after a loss, the session is back already. */
const REPLACED: CloseCause = { code: "link_lost", reason: "moved to another wire" };

/** Why a connection is not there, as the application hears it. */
export function errorOf(now: Connection): BellwireError {
  return "cause" in now
    ? new BellwireError(now.cause.code, now.cause.reason ?? "the hub refused the channel", now.cause)
    : new BellwireError("closed", "the channel is closed");
}

export class Connections {
  readonly #options: ConnectionsOptions;
  #running: ClientConnection;
  #switch: Switch | undefined;
  #told: Connection = { state: "idle" };
  #suspended = false;
  #cancelSuspend: (() => void) | undefined;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#running = this.#over(options.transport);
  }

  /** The one that the channel talks over. */
  get running(): ClientConnection {
    return this.#running;
  }

  /**
   * Connects over another transport. A link that is there goes on until the hub has welcomed the other; without one, the other is tried
   * in its place at once. Resolves when connected; rejects when the other failed, or with `aborted` when a later switch took its place.
   */
  switchTo(transport: Transport): Promise<void> {
    this.#settle(new BellwireError("aborted", "a later switch took its place"));
    return new Promise((resolve, reject) => {
      const connection = this.#over(transport);
      const { state } = this.#running.now;
      this.#switch = { connection, resolve, reject };
      if (state !== "connected") this.#run(connection);
      if (state !== "idle") connection.dispatch({ type: "connect" });
      if (this.#suspended) connection.dispatch({ type: "suspend" });
    });
  }

  #over(transport: Transport): ClientConnection {
    const connection: ClientConnection = new ClientConnection({
      ...this.#options,
      transport,
      changed: (now) => this.#changed(connection, now),
      message: (message) => {
        if (connection === this.#running) this.#options.message(message);
      },
    });
    return connection;
  }

  #changed(connection: ClientConnection, changed: Connection): void {
    const candidate = this.#switch?.connection;
    let now = changed;
    if (connection !== this.#running) {
      // Beside the one that runs only the candidate counts, once it is known whether its wire works.
      if (connection !== candidate || now.state === "connecting") return;
      if (now.state !== "connected") return this.#settle(errorOf(now));
      this.#run(connection);
    } else if (candidate && candidate !== connection && now.state === "waiting") {
      // The link is lost, and what was tried beside it becomes the channel's own attempt.
      this.#run(candidate);
      now = candidate.now;
    }
    this.#tell(now);
    if (now.state === "connected") this.#settle();
    else if (isOver(now)) this.#settle(errorOf(now));
  }

  #run(connection: ClientConnection): void {
    const replaced = this.#running;
    this.#running = connection;
    replaced.dispatch({ type: "close", cause: REPLACED });
  }

  #tell(now: Connection): void {
    const before = this.#told;
    const { clock, suspendAfter, changed } = this.#options;
    this.#told = now;
    if (now.state === "connected" || isOver(now)) {
      this.#cancelSuspend?.();
      this.#suspended = false;
    } else if (before.state === "connected") {
      this.#cancelSuspend = clock.after(suspendAfter, () => {
        this.#suspended = true;
        this.#running.dispatch({ type: "suspend" });
      });
    }
    changed(now, before);
  }

  #settle(error?: BellwireError): void {
    const settled = this.#switch;
    this.#switch = undefined;
    if (!settled) return;
    if (error) settled.reject(error);
    else settled.resolve();
    if (settled.connection !== this.#running) settled.connection.dispatch({ type: "close" });
  }
}
