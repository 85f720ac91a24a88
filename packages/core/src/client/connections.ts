/** The connection of a channel and, during a switch of transports, a second one beside it. */
import { BellwireError } from "../errors.ts";
import type { Transport } from "../link.ts";
import { ClientConnection, type ConnectionOptions } from "./connection.ts";
import { type ChannelState, type ChannelStatus, type Connection, isOver } from "./connection-machine.ts";

export interface ConnectionsOptions extends Omit<ConnectionOptions, "changed"> {
  /** Milliseconds without a connection after which continuity is taken as lost. */
  readonly suspendAfter: number;
  /** Called on every change. Connected before and now means that the link is another one. */
  readonly changed: (now: ChannelState, before: ChannelState) => void;
}

/** A switch under way: the connection over the new transport, and the promise to settle. */
interface Switch {
  readonly connection: ClientConnection;
  readonly resolve: () => void;
  readonly reject: (error: BellwireError) => void;
}

/** The error that tells the application why there is no connection. */
export function errorOf(now: Connection): BellwireError {
  return "cause" in now && now.cause
    ? new BellwireError(now.cause.code, now.cause.reason ?? now.cause.code, now.cause)
    : new BellwireError("closed", "the channel is closed");
}

export class Connections {
  readonly #options: ConnectionsOptions;
  #running: ClientConnection;
  #switch: Switch | undefined;
  #told: ChannelState = "idle";
  #suspended = false;
  #cancelSuspend: (() => void) | undefined;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#running = this.#over(options.transport);
  }

  get state(): ChannelState {
    const { state } = this.#running.now;
    return state === "waiting" && this.#suspended ? "suspended" : state;
  }

  /** The state and its reason. */
  get status(): ChannelStatus {
    return { ...this.#running.now, state: this.state };
  }

  /** The connection over which the channel sends and receives. */
  get connection(): ClientConnection {
    return this.#running;
  }

  /**
   * Connects over another transport. A link that exists stays in use until the hub has welcomed the
   * new one; without a link, the new transport replaces the first one at once. Resolves when
   * connected. Rejects when the new transport fails, and with `aborted` when a later switch
   * replaces this one.
   */
  switch(transport: Transport): Promise<void> {
    this.#settle({ state: "failed", cause: { code: "aborted", reason: "switched again" } });
    return new Promise((resolve, reject) => {
      const connection = this.#over(transport);
      const { state } = this.#running.now;
      this.#switch = { connection, resolve, reject };
      if (state !== "connected") this.#run(connection);
      if (state !== "idle") connection.dispatch({ type: "connect" });
    });
  }

  #over(transport: Transport): ClientConnection {
    const connection: ClientConnection = new ClientConnection({
      ...this.#options,
      transport,
      changed: (now) => this.#changed(connection, now),
    });
    return connection;
  }

  #changed(connection: ClientConnection, now: Connection): void {
    const candidate = this.#switch?.connection;
    if (connection !== this.#running) {
      // Of the other connections only the candidate counts, once it is known whether it works.
      if (connection !== candidate || now.state === "connecting") return;
      if (now.state !== "connected") return this.#settle(now);
      this.#run(connection);
    } else if (candidate && now.state === "waiting") this.#run(candidate);
    const { now: told } = this.#running;
    // Before the application is notified, since it may switch again.
    if (told.state === "connected" || isOver(told)) this.#settle(told);
    this.#tell();
  }

  /** Makes this connection the channel's. */
  #run(connection: ClientConnection): void {
    const replaced = this.#running;
    if (replaced === connection) return;
    this.#running = connection;
    // As after a loss: the session is back already, over another link.
    replaced.dispatch({ type: "close", cause: { code: "link_lost" } });
  }

  #tell(): void {
    const { state: now } = this;
    const before = this.#told;
    const { clock, suspendAfter, changed } = this.#options;
    this.#told = now;
    if (now === "connected" || isOver(this.#running.now)) {
      this.#cancelSuspend?.();
      this.#suspended = false;
    } else if (before === "connected") {
      this.#cancelSuspend = clock.after(suspendAfter, () => {
        this.#suspended = true;
        this.#tell();
      });
    }
    changed(now, before);
  }

  /** Settles the switch under way, if there is one. */
  #settle(outcome: Connection): void {
    const settled = this.#switch;
    this.#switch = undefined;
    if (!settled) return;
    if (outcome.state === "connected") settled.resolve();
    else settled.reject(errorOf(outcome));
    if (settled.connection !== this.#running) settled.connection.dispatch({ type: "close" });
  }
}
