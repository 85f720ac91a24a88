/**
 * Starts the tracker: `PORT` (8080), `HOST` (every interface), `DATABASE_URL` (PostgreSQL in place
 * of the embedded one), `BELLWIRE_CONFIG` (tracker.json). `--demo` with life in it, and for this
 * machine alone unless `HOST` says otherwise, as anybody may come in.
 */
import { buildPage } from "./build-page.ts";
import { readConfiguration } from "./configuration.ts";
import { createDemo } from "./demo/demo.ts";
import { type Running, startTracker } from "./start.ts";

const failed = (error: unknown): void => console.error(error);

async function main(): Promise<void> {
  const demo = process.argv.includes("--demo") ? createDemo() : undefined;
  const configuration = await readConfiguration();
  console.log("Building the page and opening the database …");
  // Beside opening the database, which takes as long.
  const pages = buildPage();
  // Heard of where it is waited for.
  pages.catch(() => {});
  const running = await startTracker({
    configuration: demo ? { ...configuration, database: `${configuration.database}-demo` } : configuration,
    port: Number(process.env.PORT ?? 8080),
    host: process.env.HOST || (demo && "127.0.0.1"),
    databaseUrl: process.env.DATABASE_URL || undefined,
    pages,
    failed,
    ...(demo && { seed: demo.seed }),
  });
  demo?.begin(running, failed);
  let stopping: Promise<void> | undefined;
  const stop = (): void => {
    demo?.end();
    stopping ??= running.close().catch(failed);
  };
  // Not `once`: a Ctrl-C may come twice, from the terminal and from what started this process, and
  // the second would end it midway.
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  tell(running, demo !== undefined);
}

function tell({ port }: Running, demo: boolean): void {
  console.log(`Open http://localhost:${port}`);
  if (demo)
    console.log('As somebody in particular: Alex, Sam, Kim (trainer) or Ruth (administrator), "demo-demo".');
}

main().catch((error: NodeJS.ErrnoException) => {
  const taken = error.code === "EADDRINUSE";
  console.error(taken ? "The port is in use. Name another one, as in PORT=8081." : error.message);
  process.exitCode = 1;
});
