/**
 * Puts the server together: database, hub, features, transports, account routes and pages, on one
 * port.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { postgresBackplane } from "@bellwire/backplane-postgres";
import { attachFrom, createHub } from "@bellwire/core/server";
import { topics } from "../contract.ts";
import { type AccountParts, serveAccounts } from "./account-routes.ts";
import { type Accounts, openAccounts } from "./accounts.ts";
import { announcements } from "./announcements.ts";
import { authorizeBy } from "./authorize.ts";
import { challenges } from "./challenges.ts";
import { coaching } from "./coaching.ts";
import type { Configuration } from "./configuration.ts";
import { openDatabase } from "./database.ts";
import { forgetAbsentSeekers, matching } from "./matching.ts";
import { openPages } from "./pages.ts";
import { plan } from "./plan.ts";
import { closeAbandonedSessions, sessions } from "./sessions.ts";
import type { Database } from "./sql.ts";
import { openTokens, type Tokens } from "./tokens.ts";
import { type Feature, forgetCommands, type TrackerHub, type User } from "./tracker.ts";
import { workouts } from "./workouts.ts";

const FEATURES: readonly Feature[] = [
  workouts,
  sessions,
  challenges,
  coaching,
  matching,
  plan,
  announcements,
];

/** Milliseconds between two looks at who has left without saying so. */
const SWEEP = 3_000;
/**
 * Milliseconds after the start in which everybody may come back to the live workout that they were
 * in.
 */
const RETURN = 60_000;

/** Milliseconds between two times that old commands are forgotten. */
const TIDY = 600_000;

/** The parts to start. */
export interface StartOptions {
  readonly configuration: Configuration;
  /** Default: 0, a free one. */
  readonly port?: number;
  /** The interface. Default: every one. */
  readonly host?: string | undefined;
  /** `postgres://…`, in place of the configuration's folder. */
  readonly databaseUrl?: string | undefined;
  /** PGlite in memory, in place of the configuration's folder. Default: false. */
  readonly inMemory?: boolean;
  /** The built page. Without it only the transports and the account routes are served. */
  readonly pages?: string | Promise<string>;
  /**
   * Called before the port is open: fills the database. Its result lets visitors in without a
   * password.
   */
  readonly seed?: (parts: Pick<Running, "database" | "accounts">) => Promise<AccountParts["visit"]>;
  /** Hears what goes wrong. Default: `console.error`. */
  readonly failed?: (error: unknown) => void;
}

/** A running server. */
export interface Running {
  readonly port: number;
  readonly database: Database;
  readonly hub: TrackerHub;
  readonly accounts: Accounts;
  readonly tokens: Tokens;
  /** Drains, and resolves when nothing of it is left. */
  close(): Promise<void>;
}

/** Starts the server. Rejects, with nothing left open, when a part of it cannot start. */
export async function startTracker(options: StartOptions): Promise<Running> {
  const { configuration } = options;
  const folder = options.inMemory ? undefined : configuration.database;
  const closing: (() => unknown)[] = [];
  let ending = false;
  // Work that the end interrupts has not failed.
  const failed = (error: unknown): void => {
    if (!ending) (options.failed ?? console.error)(error);
  };
  const close = async (): Promise<void> => {
    ending = true;
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const database = await openDatabase({ url: options.databaseUrl, folder });
    closing.push(() => database.close());
    const backplane = postgresBackplane(database.forHub, { history: configuration.history, onError: failed });
    closing.push(() => backplane.close());
    const tokens = await openTokens(database, configuration.tokenMinutes * 60_000);
    const accounts = openAccounts(database, tokens);
    const visit = await options.seed?.({ database, accounts });

    const hub: TrackerHub = createHub<(typeof topics)["map"], User>({
      topics,
      backplane,
      authenticate: ({ token }) => tokens.verify(token),
      authorize: authorizeBy(database),
      onError: failed,
    });
    for (const feature of FEATURES) feature({ database, hub });
    closing.push(() => hub.close({ flush: 2_000, spread: 2_000 }));

    const { wires, wire } = configuration;
    const pages =
      options.pages && (await openPages(await options.pages, { wires, wire, demo: visit !== undefined }));
    const server = createServer((request, response) => {
      if (serveAccounts({ accounts, visit, failed }, request, response)) return;
      if (!pages || !pages(request, response)) response.writeHead(404).end();
    });
    await attachFrom(hub, server, configuration.server, {
      ws: async () => (await import("@bellwire/adapter-ws/server")).attachWebSocket,
      sse: async () => (await import("@bellwire/adapter-sse/server")).attachSse,
      socketio: async () => (await import("@bellwire/adapter-socketio/server")).attachSocketIo,
      pusher: async () => (await import("@bellwire/adapter-pusher/server")).attachPusher,
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(options.port ?? 0, options.host, resolve);
    });
    // After the hub has drained: what is still open then is no link.
    closing.splice(2, 0, () => {
      server.closeAllConnections();
      server.close();
    });

    const startedAt = Date.now();
    const sweep = setInterval(() => {
      const present = new Set(hub.members("presence-matching").map(({ id }) => id));
      forgetAbsentSeekers(database, present).catch(failed);
      if (Date.now() - startedAt < RETURN) return;
      const isEmpty = (id: string): boolean => hub.members(`presence-session.${id}`).length === 0;
      closeAbandonedSessions(database, isEmpty).catch(failed);
    }, SWEEP);
    closing.push(() => clearInterval(sweep));
    const tidy = (): void => void forgetCommands(database).catch(failed);
    tidy();
    const tidying = setInterval(tidy, TIDY);
    closing.push(() => clearInterval(tidying));
    const { port } = server.address() as AddressInfo;
    return { port, database, hub, accounts, tokens, close };
  } catch (error) {
    await close();
    throw error;
  }
}
