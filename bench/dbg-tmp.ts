import { cases, CaseContext } from "@bellwire/core/conformance";
import { sseRig } from "@bellwire/adapter-sse/testing";
const entry = cases.switching[0];
for (let i = 0; i < 60; i++) {
  const way = { name: "through faults", seed: 20260101, faults: true };
  const context = new CaseContext(sseRig, way, "delays");
  try { await entry.run(context); process.stdout.write("."); }
  catch (error) {
    console.log("\n", i, String((error as Error).message).split("\n").slice(0, 2).join(" | "));
    const proxy = context.clients[0].proxy as any;
    console.log("links", context.hub.links, "proxy open", proxy?.open, "accepted", proxy?.accepted);
    const handles = (process as any)._getActiveHandles().filter((h: any) => h.constructor.name === "Socket" && h.remotePort);
    for (const h of handles) console.log(h.localPort, "->", h.remotePort, "destroyed", h.destroyed, "readableEnded", h.readableEnded, "writableEnded", h.writableEnded, "flowing", h.readableFlowing, "rlen", h.readableLength, "wlen", h.writableLength, h.readyState);
    console.log("proxy port", proxy?.port, "server port", context.server.port);
    break;
  } finally { await context.close(); }
}
process.exit(0);
