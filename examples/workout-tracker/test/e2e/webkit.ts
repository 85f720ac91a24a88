/** WebKitGTK's MiniBrowser, by plain WebDriver, on a display of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Readable } from "node:stream";
import { vi } from "vitest";
import { z } from "zod";
import { PATIENCE } from "./browser.ts";
import type { OpenScreen } from "./screen.ts";

/** WebKitWebDriver, beside which there must be Xvfb on the path. */
export const webkitPath: string = process.env.BELLWIRE_WEBKIT ?? "";

/**
 * A driver; the caller closes it. It has one screen at a time, each of which is a browser of its
 * own.
 */
export interface WebKit {
  readonly open: OpenScreen;
  close(): Promise<void>;
}

/**
 * WebDriver shows no console, so the page writes its complaints down itself, from when it has
 * loaded.
 */
const RECORDER = `
  window.complaints = [];
  const error = console.error;
  console.error = (...parts) => { complaints.push(parts.join(" ")); error(...parts); };
  addEventListener("error", ({ message }) => complaints.push("uncaught: " + message));
  addEventListener("unhandledrejection", ({ reason }) => complaints.push("unhandled: " + reason));`;

/** WebDriver's name for the id of an element. */
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

export async function launchWebKit(): Promise<WebKit> {
  const display = await startDisplay();
  const port = await freePort();
  // A group of its own, so that a browser that its driver leaves behind ends, too.
  const driver = spawn(webkitPath, [`--port=${port}`, "--host=127.0.0.1"], {
    detached: true,
    stdio: ["ignore", "ignore", "ignore"],
    env: { ...process.env, DISPLAY: display.name },
  });
  const close = async (): Promise<void> => {
    await end(driver);
    await end(display.process);
  };
  const api = `http://127.0.0.1:${port}`;
  try {
    // It does not say when it listens.
    await vi.waitFor(() => fetch(`${api}/status`), { timeout: PATIENCE });
  } catch (error) {
    await close();
    throw error;
  }
  return { open: (url) => openScreen(api, url), close };
}

const openScreen = async (api: string, url: string): ReturnType<OpenScreen> => {
  const capabilities = { alwaysMatch: { browserName: "MiniBrowser", timeouts: { implicit: PATIENCE } } };
  const { sessionId } = (await ask("POST", `${api}/session`, { capabilities })) as { sessionId: string };
  const session = `${api}/session/${sessionId}`;
  const evaluate = (script: string): Promise<unknown> =>
    ask("POST", `${session}/execute/sync`, { script, args: [] });
  const find = async (xpath: string): Promise<string> => {
    const found = await ask("POST", `${session}/element`, { using: "xpath", value: xpath });
    return `${session}/element/${(found as Record<string, string>)[ELEMENT]}`;
  };
  await ask("POST", `${session}/url`, { url });
  await evaluate(RECORDER);
  return {
    evaluate,
    async click(xpath) {
      await ask("POST", `${await find(xpath)}/click`, {});
    },
    async type(xpath, text) {
      const element = await find(xpath);
      await ask("POST", `${element}/clear`, {});
      await ask("POST", `${element}/value`, { text });
    },
    complaints: async () => z.array(z.string()).parse(await evaluate("return complaints")),
    async close() {
      await ask("DELETE", session);
    },
  };
};

/** One command of WebDriver. Rejects with what the driver says when it cannot be done. */
async function ask(method: string, url: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
  const { value } = (await response.json()) as { value: unknown };
  if (!response.ok) throw new Error(`${method} ${new URL(url).pathname}: ${JSON.stringify(value)}`);
  return value;
}

/** Xvfb, on a display that it picks. */
async function startDisplay(): Promise<{ readonly name: string; readonly process: ChildProcess }> {
  const process = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1280x1000x24", "-nolisten", "tcp"], {
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const [said] = (await once(process.stdio[3] as Readable, "data")) as [Buffer];
  return { name: `:${said.toString().trim()}`, process };
}

async function end(process: ChildProcess): Promise<void> {
  if (process.pid === undefined || process.exitCode !== null || process.signalCode !== null) return;
  const gone = once(process, "exit");
  globalThis.process.kill(-process.pid, "SIGTERM");
  await gone;
}

/** The driver takes no port 0. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
