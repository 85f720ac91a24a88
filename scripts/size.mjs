/**
 * What a browser downloads for one channel over one wire: bundled from src, minified, gzip.
 * Fails above a limit, and when a Node module or `ws` would reach the browser.
 */
import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Limits in bytes of gzip, without the packages in `beside`. */
const entries = [
  { wire: "ws", symbol: "webSocketTransport", limit: 8_000, beside: [] },
  { wire: "sse", symbol: "sseTransport", limit: 9_500, beside: ["eventsource-parser"] },
  { wire: "socketio", symbol: "socketIoTransport", limit: 9_500, beside: ["socket.io-client"] },
];

async function bundle({ wire, symbol }, external) {
  const { metafile, outputFiles } = await build({
    stdin: {
      contents: `export { createChannel } from "@bellwire/core/client";
        export { ${symbol} } from "@bellwire/adapter-${wire}/client";`,
      resolveDir: `${root}/bench`, // a workspace that depends on every adapter
    },
    absWorkingDir: root,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2022",
    platform: "browser",
    conditions: ["@bellwire/source"],
    external,
    logLevel: "silent",
  });
  const imported = Object.values(metafile.outputs).flatMap((output) =>
    output.imports.map(({ path }) => path),
  );
  const foreign = [
    ...imported.filter((path) => isBuiltin(path)),
    ...Object.keys(metafile.inputs).filter((path) => path.includes("node_modules/ws/")),
  ];
  return { bytes: gzipSync(outputFiles[0].contents, { level: 9 }).length, foreign };
}

for (const entry of entries) {
  try {
    const { bytes, foreign } = await bundle(entry, entry.beside);
    const whole = entry.beside.length > 0 ? (await bundle(entry, [])).bytes : bytes;
    const beside = whole === bytes ? "" : `, ${whole} B with ${entry.beside.join(" and ")}`;
    console.log(`core/client + adapter-${entry.wire}/client: ${bytes} B of ${entry.limit} B gzip${beside}`);
    if (bytes > entry.limit) {
      console.error(`  too large by ${bytes - entry.limit} B`);
      process.exitCode = 1;
    }
    if (foreign.length > 0) {
      console.error(`  must not reach a browser: ${foreign.join(", ")}`);
      process.exitCode = 1;
    }
  } catch (error) {
    const reasons = error.errors?.map(({ text, location }) => `${location?.file ?? ""}: ${text}`) ?? [
      error.message,
    ];
    console.error(`core/client + adapter-${entry.wire}/client does not bundle:\n  ${reasons.join("\n  ")}`);
    process.exitCode = 1;
  }
}
