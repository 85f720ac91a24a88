/**
 * The interface by which the conformance kit and the benchmark start a transport for real. Every
 * adapter exports a rig as `./testing`.
 */
import type { Transport } from "../link.ts";
import type { LinkAcceptor } from "../server/acceptor.ts";

/** One transport. */
export interface Rig {
  /** The adapter's name, as in `Transport.name`. */
  readonly name: string;
  /**
   * Starts one server half for this hub, on port 0 of 127.0.0.1. Several may run at a time, also
   * for one hub.
   */
  start(hub: LinkAcceptor): Promise<RigServer>;
}

/** One running server half. */
export interface RigServer {
  /**
   * The TCP port it listens on. Undefined for a transport inside the process, which then gets its
   * faults at the seam only.
   */
  readonly port?: number;
  /**
   * A transport that connects to `port` of 127.0.0.1. Default: the server's own port; the kit
   * gives that of a fault proxy. The transport
   * MUST NOT share connections with one made before.
   */
  transport(port?: number): Transport;
  /** Stops listening and ends every connection at once. It MUST NOT close the hub. */
  stop(): Promise<void>;
}
