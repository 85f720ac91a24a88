/**
 * Bellwire over somebody's account at hosted Pusher, with the application's routes on this machine.
 * It is in the tables only when BELLWIRE_PUSHER_APP_ID, _KEY, _SECRET and _CLUSTER are set, and is
 * contacted only then. Every delivery crosses the internet and counts against the account's quota.
 */
import { pusherTransport } from "@bellwire/adapter-pusher/client";
import { attachPusherRoutes, hostedPusher } from "@bellwire/adapter-pusher/hosted";
import { type Contender, OVER_INTERNET } from "../contender.ts";
import { listen } from "../wire/listen.ts";
import { connectChannel } from "./app-client.ts";
import { hostedAccount } from "./hosted-account.ts";
import { serveHub } from "./workout-app.ts";

export const contender: Contender = {
  name: "Bellwire pusher (hosted)",
  kind: "wire",
  caveats: [OVER_INTERNET],
  scenarios: ["latency"],
  recovers: true,
  serve(order) {
    const { appId, key, secret, cluster } = hostedAccount();
    const broadcaster = hostedPusher({ appId, key, secret, cluster });
    return serveHub(
      order,
      (hub) => listen((server) => attachPusherRoutes(hub, server, { app: { id: appId, key, secret } })),
      { broadcasters: [broadcaster] },
    );
  },
  connect(order) {
    const { key, cluster } = hostedAccount();
    const routes = `http://127.0.0.1:${order.port}/bellwire/pusher`;
    return connectChannel(pusherTransport({ key, cluster, routes }), order);
  },
};
