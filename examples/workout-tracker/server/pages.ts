/** Serves the built page: few small files, read once into memory. */
import { readdir, readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Nothing but this server's own files runs here, whatever somebody writes into a message. */
const POLICY =
  "default-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'self'";

/** Where `index.html` has the settings of the page. */
export const SETTINGS = "<!--settings-->";

/**
 * Answers a GET for a file of the folder; the page itself for `/`. Returns false for what is not
 * there.
 */
export type Pages = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Reads the folder. `settings` is what the page finds in its element `#settings`. */
export async function openPages(folder: string, settings: unknown): Promise<Pages> {
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(`/${path.slice(folder.length + 1)}`, await readFile(path));
  }
  // `<` would be able to end the element.
  const json = JSON.stringify(settings).replaceAll("<", "\\u003c");
  const element = `<script type="application/json" id="settings">${json}</script>`;
  const html = files.get("/index.html")?.toString().replace(SETTINGS, element) ?? "";
  files.set("/", Buffer.from(html));
  return ({ method, url }, response) => {
    const path = url?.split("?", 1)[0] ?? "";
    const file = method === "GET" && path !== "/index.html" ? files.get(path) : undefined;
    if (!file) return false;
    response.writeHead(200, {
      "content-type": TYPES[path === "/" ? ".html" : extname(path)] ?? "application/octet-stream",
      "content-security-policy": POLICY,
      "x-content-type-options": "nosniff",
      // The build puts a file's hash into its name.
      "cache-control": path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
    });
    response.end(file);
    return true;
  };
}
