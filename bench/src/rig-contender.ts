/**
 * Makes a contender of any adapter of Bellwire, by the rig with which it also runs the conformance
 * kit.
 */
import type { Rig, RigServer } from "@bellwire/core/conformance";
import { createHub } from "@bellwire/core/server";
import type { Contender } from "./contender.ts";
import { connectChannel } from "./contenders/app-client.ts";
import { contractOf, serveHub } from "./contenders/workout-app.ts";

/** Options of such a contender. */
export interface RigContenderOptions extends Pick<Contender, "scenarios" | "caveats"> {
  /** The name in the tables. Default: `Bellwire` and the rig's name. */
  readonly name?: string;
}

/**
 * The adapter as a contender. It takes part where clients are real ones; the fan-out, whose clients
 * are raw connections, also needs a `load` plan: `{ ...contenderFromRig(rig), load }`. Bytes are
 * not counted, as the rig's sockets are its own. Serving rejects when the rig has no port: a wire
 * inside the process has nothing to measure between processes.
 */
export function contenderFromRig(rig: Rig, options: RigContenderOptions = {}): Contender {
  const { name = `Bellwire ${rig.name}`, ...rest } = options;
  let dialer: Promise<RigServer> | undefined;
  // A rig has its transports from a server that it has started. The one that is connected to runs
  // in another process; the one that is started here is asked for transports and serves nobody.
  const dial = (): Promise<RigServer> =>
    (dialer ??= rig.start(createHub({ topics: contractOf([]) })).then(async (server) => {
      await server.stop();
      return server;
    }));
  return {
    ...rest,
    name,
    kind: "wire",
    recovers: true,
    serve: (order) =>
      serveHub(order, async (hub) => {
        const server = await rig.start(hub);
        if (server.port === undefined) throw new Error(`the rig of ${rig.name} listens on no port`);
        return { port: server.port, bytesWritten: () => Number.NaN, close: () => server.stop() };
      }),
    connect: async (order) => connectChannel((await dial()).transport(order.port), order),
  };
}
