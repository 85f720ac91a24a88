/**
 * Makes docs/capabilities.md from the records that the adapters export. `npm run capabilities`
 * writes the file; with `-- --check` it fails when the file differs.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { PUSHER_CAPABILITIES, pusherTransport } from "@bellwire/adapter-pusher/client";
import { SOCKETIO_CAPABILITIES } from "@bellwire/adapter-socketio/client";
import { SSE_CAPABILITIES } from "@bellwire/adapter-sse/client";
import { WS_CAPABILITIES } from "@bellwire/adapter-ws/client";
import type { Capabilities } from "@bellwire/core";
import { MEMORY_CAPABILITIES } from "@bellwire/core/memory";

const hosted = { key: "key", cluster: "eu" };

const transports: Readonly<Record<string, Capabilities>> = {
  WebSocket: WS_CAPABILITIES,
  "SSE + POST": SSE_CAPABILITIES,
  "Socket.IO": SOCKETIO_CAPABILITIES,
  "Pusher's protocol, our hub": PUSHER_CAPABILITIES,
  "hosted Pusher, all routes": pusherTransport({ ...hosted, routes: "https://example.com" }).capabilities,
  "hosted Pusher, no routes": pusherTransport(hosted).capabilities,
  memory: MEMORY_CAPABILITIES,
};

const meanings: Readonly<Record<keyof Capabilities, string>> = {
  history: "notifications that were missed while away are replayed",
  paging: "notifications from before the subscription can be read, with it and page by page",
  order: "notifications of a topic arrive in the order of their offsets",
  acknowledgement: "`publish` resolves only after the append",
  clientPublish: "clients can publish",
  presence: "subscribers of `presence-` topics see each other",
  binary: "data may hold binary values",
  maxMessageBytes: "the largest message that the transport takes",
};

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

function cell(value: string | number): string {
  if (typeof value === "string") return value === "none" ? "–" : value;
  return value === Number.MAX_SAFE_INTEGER ? "no limit" : `${value.toLocaleString("en")} B`;
}

const names = Object.keys(meanings) as (keyof Capabilities)[];
const document = `# Capabilities of each transport

<!-- Made from the adapters' records by \`npm run capabilities\`. -->

*native*: the transport does it. *emulated*: Bellwire does it above the transport, with the same promises. –: not available over this transport.

${row(["Capability", ...Object.keys(transports)])}
${row(["---", ...Object.keys(transports).map(() => "---")])}
${names.map((name) => row([`\`${name}\``, ...Object.values(transports).map((record) => cell(record[name]))])).join("\n")}

${names.map((name) => `- \`${name}\`: ${meanings[name]}`).join("\n")}

The conformance kit skips a case only where a record says –, and prints the skip. An application names the capabilities that it cannot do without.
When the transport lacks one, \`createChannel({ …, requires: ["history"] })\` throws at start-up, and so does [configuration](configuration.md) with
\`"requires": ["history"]\`. A \`fallback\` has the capabilities of its weakest transport.
`;

const file = new URL("../docs/capabilities.md", import.meta.url);
if (!process.argv.includes("--check")) writeFileSync(file, document);
else if (readFileSync(file, "utf8") !== document) {
  console.error("docs/capabilities.md differs from the adapters' records: run `npm run capabilities`");
  process.exitCode = 1;
}
