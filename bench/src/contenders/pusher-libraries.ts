/** The app of the emulator, and pusher-js as an application uses it. */
import PusherImport from "pusher-js";

// Under Node's rules of resolution the compiler takes the default export for the module.
const Pusher = PusherImport as unknown as typeof PusherImport.default;

/** A client of pusher-js. */
export type PusherClient = InstanceType<typeof Pusher>;

/** The app that the emulator serves. */
export const PUSHER_APP = { id: "1", key: "bench", secret: "bench" } as const;

/**
 * Connects to a server of the protocol on this machine. It comes back by itself after a loss, and
 * subscribes again.
 */
export function openPusher(key: string, port: number): PusherClient {
  return new Pusher(key, {
    // Demanded by the library, and unused beside a host.
    cluster: "local",
    wsHost: "127.0.0.1",
    wsPort: port,
    forceTLS: false,
    // Anything else lets pusher-js dial hosts that nobody named.
    enabledTransports: ["ws"],
  });
}
