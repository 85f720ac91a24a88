/**
 * Private topics with tokens that expire: a new one is asked for in time, and the subscription
 * never notices. `npx tsx private-topics.ts`
 */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { defineTopics, isBellwireError } from "@bellwire/core";
import { createChannel } from "@bellwire/core/client";
import { createHub } from "@bellwire/core/server";
import { jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { listen } from "./listen.ts";

const topics = defineTopics({ "private-accounts.{user}": { paid: z.object({ amount: z.number() }) } });
const secret = randomBytes(32);

const hub = createHub({
  topics,
  async authenticate({ token = "" }) {
    const { payload } = await jwtVerify(token, secret);
    return { user: payload.sub ?? "", expiresAt: (payload.exp ?? 0) * 1_000 };
  },
  authorize: ({ params, identity, action }) => action === "subscribe" && params.user === identity.user,
});
const server = createServer();
attachWebSocket(hub, server);
const url = `ws://localhost:${await listen(server)}/bellwire`;

/** The tokens that a sign-in page would give out. */
let asked = 0;
const token = (user: string): Promise<string> => {
  asked += 1;
  return new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(user)
    .setExpirationTime("2s")
    .sign(secret);
};

const channel = createChannel({ topics, transport: webSocketTransport({ url }), token: () => token("anna") });
const states: string[] = [];
channel.onState((state) => states.push(state));

const others = channel.subscribe("private-accounts.ben");
await others.ready().catch((error) => isBellwireError(error) && console.log(`ben's account: ${error.code}`));

const mine = channel.subscribe("private-accounts.anna");
await mine.ready();
// Longer than any token lives.
await new Promise((resolve) => setTimeout(resolve, 3_500));
await hub.publish("private-accounts.anna", "paid", { amount: 12 });
for await (const { data } of mine) {
  console.log(`paid ${data.amount}`);
  break;
}
console.log(`${asked > 1 ? "several tokens" : "one token"}, states: ${states.join(", ")}`);
channel.close();
await hub.close();
server.close();
