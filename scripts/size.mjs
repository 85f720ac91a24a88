/**
 * Measures the bytes that a browser downloads for a channel over one transport, and for the parts
 * beside a channel: bundled from src, minified, gzip. Fails above a limit, and when a Node module
 * or `ws` would reach the browser.
 */
import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../", import.meta.url));

/** `also`: a part of core that a program adds to its channel. */
const wire = (name, symbol, also) => ({
  name: `core/client + ${also ? `core/${also} + ` : ""}adapter-${name}/client`,
  code: `export { createChannel } from "@bellwire/core/client";
    ${also ? `export * from "@bellwire/core/${also}";` : ""}
    export { ${symbol} } from "@bellwire/adapter-${name}/client";`,
});
const whole = (name) => ({ name, code: `export * from "@bellwire/${name}";` });
/** Modules that a page with React and a channel has already. */
const there = ["react", "react/*", "@bellwire/core", "@bellwire/core/*"];

/**
 * Limits in bytes of gzip, without the packages in `beside` and `there`. The size with those in
 * `beside` is printed, too.
 */
const entries = [
  { ...wire("ws", "webSocketTransport"), limit: 8_000, beside: [], there: [] },
  { ...wire("ws", "webSocketTransport", "canary"), limit: 12_500, beside: [], there: [] },
  { ...wire("ws", "webSocketTransport", "shared"), limit: 10_450, beside: [], there: [] },
  { ...wire("sse", "sseTransport"), limit: 9_500, beside: ["eventsource-parser"], there: [] },
  { ...wire("socketio", "socketIoTransport"), limit: 9_500, beside: ["socket.io-client"], there: [] },
  { ...whole("react"), limit: 2_000, beside: [], there },
  { name: "toaster", code: `import "@bellwire/toaster";`, limit: 5_000, beside: [], there },
  {
    name: "toaster/react",
    code: `export { Toaster, useToaster } from "@bellwire/toaster/react";`,
    limit: 5_300,
    beside: [],
    there,
  },
];

async function bundle({ code, there }, external) {
  const { metafile, outputFiles } = await build({
    stdin: {
      contents: code,
      // A workspace that depends on every adapter; everything else is found in the root.
      resolveDir: `${root}/bench`,
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
    external: [...there, ...external],
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
    const all = entry.beside.length > 0 ? (await bundle(entry, [])).bytes : bytes;
    const beside = all === bytes ? "" : `, ${all} B with ${entry.beside.join(" and ")}`;
    console.log(`${entry.name}: ${bytes} B of ${entry.limit} B gzip${beside}`);
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
    console.error(`${entry.name} does not bundle:\n  ${reasons.join("\n  ")}`);
    process.exitCode = 1;
  }
}
