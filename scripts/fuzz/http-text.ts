/** HTTP/1.1 as bytes: requests as they should be, and the many ways in which they are not. */
import type { Random } from "@bellwire/core/conformance";
import { times, weighted } from "./chance.ts";
import { TOKEN_MARK } from "./world.ts";

/** A request before it is bytes. A header is a line without its end; lines may be anything. */
export interface RequestParts {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** A request without a body as it should be. */
export function request(method: string, target: string, headers: readonly string[] = []): RequestParts {
  return {
    method,
    target,
    version: "HTTP/1.1",
    headers: ["Host: 127.0.0.1", ...headers],
    body: Buffer.alloc(0),
  };
}

/** Its bytes. */
export function requestBytes({ method, target, version, headers, body }: RequestParts): Buffer {
  const lines = [`${method} ${target} ${version}`, ...headers].map((line) => `${line}\r\n`).join("");
  return Buffer.concat([Buffer.from(`${lines}\r\n`, "latin1"), body]);
}

/** A body in chunks, the last of them included. */
export function chunked(random: Random, body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const size = 1 + random.int(random.chance(0.5) ? 16 : 8_192);
    const part = body.subarray(at, at + size);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"));
    at += size;
  }
  parts.push(Buffer.from("0\r\n\r\n"));
  return Buffer.concat(parts);
}

const BAD_CHUNKS = [
  "zz\r\nabc\r\n0\r\n\r\n",
  "-1\r\nabc\r\n",
  "ffffffffffffffffff\r\nabc\r\n",
  "7fffffffffffffff\r\nabc\r\n",
  "3;ext=\u0000\r\nabc\r\n0\r\n\r\n",
  `3;${"e".repeat(20_000)}\r\nabc\r\n0\r\n\r\n`,
  "3\nabc\n0\n\n",
  "3\r\nabcdef\r\n0\r\n\r\n",
  "0x3\r\nabc\r\n0\r\n\r\n",
  "3\r\nab",
  "0\r\nContent-Length: 5\r\nX: y\r\n\r\n",
  "",
];

/**
 * Frames a body: mostly right, otherwise too short, too long, twice, or in chunks that are none.
 */
export function withBody(random: Random, parts: RequestParts, body: Buffer): RequestParts {
  const framed = (headers: readonly string[], sent: Buffer): RequestParts => ({
    ...parts,
    headers: [...parts.headers, ...headers],
    body: sent,
  });
  const { length } = body;
  switch (random.int(16)) {
    case 0:
      return framed([`Content-Length: ${length + 1 + random.int(1_000)}`], body);
    case 1:
      return framed([`Content-Length: ${Math.max(0, length - 1 - random.int(20))}`], body);
    case 2:
      return framed([`Content-Length: ${length}`, `Content-Length: ${length + 5}`], body);
    case 3:
      return framed(
        [`Content-Length: ${random.pick(["-1", "1e3", "+5", " ", "0x10", "99999999999999999999"])}`],
        body,
      );
    case 4:
      return framed(["Transfer-Encoding: chunked"], Buffer.from(random.pick(BAD_CHUNKS), "latin1"));
    case 5:
      return framed([`Content-Length: ${length}`, "Transfer-Encoding: chunked"], chunked(random, body));
    case 6:
      return framed(
        [`Transfer-Encoding: ${random.pick(["xchunked", "gzip, chunked", "chunked, chunked", ""])}`],
        body,
      );
    case 7:
    case 8:
      return framed([`Content-Length: ${length}`], body.subarray(0, random.int(length + 1)));
    case 9:
    case 10:
      return framed(["Transfer-Encoding: chunked"], chunked(random, body));
    default:
      return framed([`Content-Length: ${length}`], body);
  }
}

const METHODS = [
  "HEAD",
  "PUT",
  "PATCH",
  "TRACE",
  "CONNECT",
  "OPTIONS",
  "DELETE",
  "get",
  "PRI",
  "X",
  "G\u0000T",
  "",
];
const VERSIONS = ["HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.1 ", "HTTP/1.2", "", "http/1.1"];

/** Origins of others, of nobody, and of those who would like to be taken for ours. */
export const ORIGINS = [
  "null",
  "",
  "http://127.0.0.1",
  "http://127.0.0.1.evil.io",
  "http://evil.io/127.0.0.1",
  "https://127.0.0.1",
  "file://",
  "http://127.0.0.1:1@evil.io",
  "chrome-extension://x",
  "http://xn--a",
  "http://[::1",
  "\u0000",
];

const ODD_HEADERS: readonly ((random: Random) => readonly string[])[] = [
  (random) => [`Origin: ${random.pick(ORIGINS)}`],
  () => times(2_000, (index) => `X-${index}: y`),
  (random) => [`X-Long: ${"y".repeat(random.pick([1_000, 9_000, 20_000]))}`],
  () => ["X-Folded: a\r\n b"],
  () => ["X-Space : a"],
  () => ["X-Bare: a\nX-Injected: b"],
  () => ["X-Cr: a\rb"],
  () => ["X-Nul: a\u0000b"],
  () => [": nameless"],
  () => ["no colon"],
  () => ["Host: evil.io", "Host: other.io"],
  (random) => [`Host: ${random.pick(["", "[::1", "a b", "127.0.0.1:99999"])}`],
  () => ["Expect: 100-continue"],
  () => ["Expect: miracles"],
  (random) => [`Connection: ${random.pick(["close", "keep-alive", "Upgrade", "close, upgrade", "x"])}`],
  (random) => [
    "Connection: Upgrade",
    `Upgrade: ${random.pick(["websocket", "h2c", "TLS/1.0", "", "websocket, h2c"])}`,
  ],
  (random) => [`Cookie: io=${random.pick(["a", "__proto__", "\u00ff", "x".repeat(4_000)])}`],
  (random) => [`Authorization: Bearer ${random.chance(0.5) ? `${TOKEN_MARK}${random.int(6)}` : "wrong"}`],
  (random) => [`Authorization: ${random.pick(["Bearer", "Bearer  ", "Basic x", "bearer a b"])}`],
  (random) => [`Last-Event-ID: ${random.pick(["", "x", "__proto__", "e30", "x".repeat(7_000), "\u00ff"])}`],
  (random) => [`Access-Control-Request-Headers: ${random.pick(["*", "x\u0001", "a,b", "é"])}`],
  () => ["X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https", "Forwarded: for=x"],
  () => ["__proto__: x", "constructor: y", "toString: z"],
];

/** Changes a request's line and headers so that they are no longer what they should be. */
export function mutatedRequest(random: Random, parts: RequestParts): RequestParts {
  const odd = (): readonly string[] => random.pick(ODD_HEADERS)(random);
  const at = random.int(parts.target.length + 1);
  const target = (): string =>
    random.pick([
      "*",
      "//",
      `http://evil.io${parts.target}`,
      `${parts.target}%`,
      `${parts.target}%00`,
      `${parts.target}?a=%ff&__proto__=1&topic=`,
      `${parts.target}${"/x".repeat(random.pick([10, 3_000, 9_000]))}`,
      parts.target.slice(0, at),
      `${parts.target.slice(0, at)}\u00e9${parts.target.slice(at)}`,
      `${parts.target} x`,
      "",
    ]);
  return weighted<() => RequestParts>(random, [
    [12, () => ({ ...parts, headers: [...parts.headers, ...odd()] })],
    [4, () => ({ ...parts, headers: [...odd(), ...odd(), ...parts.headers.slice(1)] })],
    [2, () => ({ ...parts, headers: [] })],
    [4, () => ({ ...parts, method: random.pick(METHODS) })],
    [4, () => ({ ...parts, target: target() })],
    [3, () => ({ ...parts, version: random.pick(VERSIONS) })],
  ])();
}

/** Bytes that are no request at all. */
export function noise(random: Random): Buffer {
  if (random.chance(0.3)) return Buffer.from("\r\n".repeat(1 + random.int(50)));
  if (random.chance(0.2)) return Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  return Buffer.from(times(1 + random.int(300), () => random.int(256)));
}
