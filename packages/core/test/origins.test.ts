/**
 * Which pages may connect: same scheme, host and port, or named; and what a page that may not is
 * told.
 */
import { judgeOrigin } from "@bellwire/core/http";
import { describe, expect, it } from "vitest";

const host = "app.example";
const secure = true;
const allows = (
  headers: Record<string, string>,
  tls = false,
  allowed: readonly string[] | "*" = [],
): boolean => judgeOrigin(headers, allowed, tls).allowed;

describe("a page of the server's own", () => {
  it("counts as such by scheme, host and port", () => {
    expect(allows({ host, origin: "http://app.example" })).toBe(true);
    expect(allows({ host, origin: "https://app.example" }, secure)).toBe(true);
    expect(allows({ host: "app.example:80", origin: "http://app.example" })).toBe(true);
    expect(allows({ host: "APP.example:443", origin: "https://app.example" }, secure)).toBe(true);
    expect(allows({ host: "app.example:8443", origin: "https://app.example:8443" }, secure)).toBe(true);
    expect(allows({ ":authority": host, origin: "https://app.example" }, secure)).toBe(true);
  });

  it("does not count as such with another scheme", () => {
    expect(allows({ host, origin: "http://app.example" }, secure)).toBe(false);
    expect(allows({ host, origin: "https://app.example" })).toBe(false);
    expect(allows({ host: "app.example:443", origin: "http://app.example:443" }, secure)).toBe(false);
  });

  it("is known behind a proxy that ends TLS by X-Forwarded-Proto", () => {
    const origin = "https://app.example";
    for (const proto of ["https", "HTTPS", "wss", "https, http", " https "]) {
      expect(allows({ host, origin, "x-forwarded-proto": proto })).toBe(true);
      expect(allows({ host, origin: "http://app.example", "x-forwarded-proto": proto })).toBe(false);
    }
    for (const proto of ["http", "ws", "http, https"]) {
      expect(allows({ host, origin, "x-forwarded-proto": proto }, secure)).toBe(false);
    }
    for (const proto of ["", "ftp", "httpsx", ","]) {
      expect(allows({ host, origin, "x-forwarded-proto": proto })).toBe(false);
      expect(allows({ host, origin, "x-forwarded-proto": proto }, secure)).toBe(true);
    }
  });
});

it.each([
  "https://good.com.evil.io",
  "https://evil.io",
  "https://good.com@evil.io",
  "https://evil.io#good.com",
  "http://good.com",
  "https://good.com:8443",
  "https://good.com.",
  "https://xgood.com",
  "HTTPS://GOOD.COM",
  "null",
  "",
  "file://",
  "good.com",
  "https://good.com, https://evil.io",
])("a page of %j is no page of https://good.com", (origin) => {
  expect(allows({ host: "good.com", origin }, secure)).toBe(false);
  expect(allows({ host, origin }, secure, ["https://good.com"])).toBe(false);
});

it("a request that comes from no page is let through, and a page of nowhere is not", () => {
  expect(allows({ host })).toBe(true);
  expect(allows({ origin: "https://app.example" }, secure)).toBe(false);
  expect(allows({ host: "]", origin: "http://]" })).toBe(false);
});

it("a page that is refused is told which origin, which option, and what a proxy must pass on", () => {
  const origin = "https://evil.io";
  const verdict = judgeOrigin({ host, origin }, ["https://good.com"], secure);
  expect(verdict).toMatchObject({ allowed: false, cause: { code: "forbidden" } });
  const { reason = "" } = verdict.allowed ? {} : verdict.cause;
  for (const part of [
    origin,
    "https://app.example",
    "allowedOrigins",
    "Host",
    "Origin",
    "X-Forwarded-Proto",
  ]) {
    expect(reason).toContain(part);
  }
  const long = judgeOrigin({ host, origin: `https://${"x".repeat(10_000)}` }, [], secure);
  expect(JSON.stringify(long).length).toBeLessThan(600);
});

it("a page with cookies is told that the star does not take them", () => {
  const verdict = judgeOrigin({ host, origin: "https://any.org", cookie: "a=b" }, "*", secure);
  expect(verdict).toMatchObject({ allowed: false, cause: { code: "forbidden" } });
  expect(JSON.stringify(verdict)).toContain("https://any.org");
  expect(allows({ host, origin: "https://any.org" }, secure, "*")).toBe(true);
});
