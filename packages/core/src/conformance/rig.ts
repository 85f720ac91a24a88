/** What the conformance kit and the benchmark need to start one wire for real. Every adapter exports one as `./testing`. */
import type { Transport } from "../link.ts";
import type { LinkAcceptor } from "../server/acceptor.ts";

/** One wire. */
export interface Rig {
  /** The adapter's name, as in `Transport.name`. */
  readonly name: string;
  /** Starts one server half for this hub, on port 0 of 127.0.0.1. Several may run at a time, also for one hub. */
  start(hub: LinkAcceptor): Promise<RigServer>;
}

/** One running server half. */
export interface RigServer {
  /** The TCP port it listens on. Undefined for a wire inside the process, which then gets faults at the seam only. */
  readonly port?: number;
  /**
   * A transport that connects to `port` of 127.0.0.1: the server's own when absent, or that of a fault proxy in between.
   * It MUST NOT share connections with a transport made before.
   */
  transport(port?: number): Transport;
  /** Stops listening and ends every connection at once. The hub lives on: a test may start another server for it. */
  stop(): Promise<void>;
}
