/** The parts of the HTTP room by themselves: facts, headers, statuses, admission and mounting. */
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { CloseCause, ErrorCode } from "@bellwire/core";
import { byeOf, readRefusal, statusCause } from "@bellwire/core/adapter";
import {
  Admission,
  bearerToken,
  hasContentType,
  mountRequests,
  mountUpgrades,
  pathOf,
  preflightHeaders,
  queryOf,
  refusal,
  refuseUpgrade,
  shortened,
  statusOf,
} from "@bellwire/core/http";
import { describe, expect, it, onTestFinished } from "vitest";

describe("headers", () => {
  it("hold a bearer token in any case, and no token in another scheme", () => {
    expect(bearerToken({ authorization: "bearer  t0ken" })).toBe("t0ken");
    for (const authorization of ["Basic t0ken", "Bearer", "Bearer a b", ""])
      expect(bearerToken({ authorization })).toBeUndefined();
    expect(bearerToken({})).toBeUndefined();
  });

  it("name a content type with or without parameters", () => {
    const is = (value: string): boolean => hasContentType({ "content-type": value }, "application/json");
    for (const value of ["application/json", "Application/JSON ; charset=utf-8", "application/json;x"])
      expect([value, is(value)]).toEqual([value, true]);
    for (const value of ["application/jsonp", "text/plain", "", "x; application/json"])
      expect([value, is(value)]).toEqual([value, false]);
    expect(hasContentType({}, "application/json")).toBe(false);
  });

  it("of a preflight allow the headers that were asked for, unless they hold other characters", () => {
    const allowed = (asked: string): string | undefined =>
      preflightHeaders({ "access-control-request-headers": asked }, "POST")["access-control-allow-headers"];
    expect(allowed("x-app, content-type")).toBe("x-app, content-type");
    expect(allowed("x\r\ny: z")).toBeUndefined();
  });
});

it("the path and the query of a URL are divided at the first question mark", () => {
  expect(pathOf({ url: "/a?b=c?d" })).toBe("/a");
  expect(queryOf({ url: "/a?b=c?d" }).get("b")).toBe("c?d");
  expect([...queryOf({ url: "/a" }), ...queryOf({})]).toEqual([]);
});

describe("refusals", () => {
  it("have statuses that a client reads as the same codes", () => {
    const codes: ErrorCode[] = ["unauthorized", "forbidden", "too_large", "rate_limited", "overloaded"];
    for (const code of codes) expect(statusCause(statusOf(code), null).code).toBe(code);
    expect([statusOf("internal"), statusOf("internal", 500)]).toEqual([503, 500]);
  });

  it("carry code and reason for a client, and Retry-After in whole seconds", () => {
    const cause: CloseCause = { code: "overloaded", reason: "at most 1 link", retryAfter: 1_200 };
    const { status, headers, body } = refusal(cause);
    expect([status, headers["retry-after"]]).toEqual([503, "2"]);
    expect(readRefusal(body)).toEqual({ code: "overloaded", reason: "at most 1 link" });
    for (const foreign of ["", "<html>", "null", "7", '{"code":"invented","reason":7}'])
      expect(readRefusal(foreign)).toEqual({});
  });

  it("quote at most 100 characters of a peer", () => {
    expect(shortened("x".repeat(100))).toHaveLength(100);
    expect(shortened("x".repeat(10_000))).toBe(`${"x".repeat(100)}…`);
  });
});

it("a bye has only the fields that its cause has", () => {
  expect(byeOf({ code: "normal" })).toEqual({ type: "bye", code: "normal" });
  expect(byeOf({ code: "draining", reason: "deploy", retryAfter: 7 })).toEqual({
    type: "bye",
    code: "draining",
    reason: "deploy",
    retryAfter: 7,
  });
});

describe("admission", () => {
  const facts = (headers: Record<string, string>) => ({ headers, secure: false, remoteAddress: undefined });

  it("refuses a foreign page with 403 and notifies the hub, before it asks the hub for a link", () => {
    const refused: unknown[] = [];
    const refusing = (): CloseCause => {
      throw new Error("asked");
    };
    const hub = { refusal: refusing, refused: (...of: unknown[]) => void refused.push(of) };
    const { refused: answer } = new Admission(hub, "any", []).judge(
      facts({ host: "a.example", origin: "http://b.example" }),
      true,
    );
    expect(answer).toMatchObject({ status: 403, cause: { code: "forbidden" } });
    expect(refused).toEqual([[answer?.cause, "any"]]);
  });

  it("answers 503 while the hub takes no link, and from the moment it closes, but only to requests for links", () => {
    let closing: () => void = () => {};
    let cause: CloseCause | undefined = { code: "overloaded" };
    const hub = { refusal: () => cause, onClose: (callback: () => void) => void (closing = callback) };
    const admission = new Admission(hub, "any", "*");
    expect(admission.judge(facts({}), true).refused).toEqual({ status: 503, cause });
    expect(admission.judge(facts({}), false).refused).toBeUndefined();
    cause = undefined;
    expect(admission.judge(facts({}), true).refused).toBeUndefined();
    closing();
    expect(admission.judge(facts({}), true).refused?.cause).toEqual({ code: "draining" });
  });

  it("takes every link for a hub that refuses none", () => {
    expect(new Admission({}, "any", []).judge(facts({}), true)).toEqual({ headers: {} });
  });
});

describe("mounting", () => {
  async function started() {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return { server, port: (server.address() as AddressInfo).port };
  }

  it("takes a path alone, or everything below it, until it is released", async () => {
    const { server, port } = await started();
    const take = (_: unknown, response: { end(text: string): unknown }, rest: string): void =>
      void response.end(`[${rest}]`);
    const refused: string[] = [];
    const mounted = { take, refused: ({ code }: CloseCause) => void refused.push(code) };
    const release = mountRequests(server, "/one", mounted);
    mountRequests(server, "/all/", { ...mounted, below: true });
    const get = async (path: string): Promise<string | number> => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      return answer.ok ? answer.text() : answer.status;
    };
    expect(await Promise.all(["/one", "/all/", "/all/a/b?c", "/one/a", "/all"].map(get))).toEqual([
      "[]",
      "[]",
      "[a/b]",
      404,
      404,
    ]);
    release();
    expect(await get("/one")).toBe(404);
    expect(refused).toContain("link_lost");
  });

  it("takes the upgrades of several paths, and names the path that covers each", async () => {
    const { server, port } = await started();
    const paths: string[] = [];
    mountUpgrades(server, ["/a/", "/b/"], {
      below: true,
      take(_request, socket, _head, path) {
        paths.push(path);
        refuseUpgrade(socket, 503, { code: "overloaded" });
      },
      refused() {},
    });
    const upgraded = (path: string): Promise<string> =>
      new Promise((resolve) => {
        const socket = connect(port, "127.0.0.1");
        let text = "";
        socket.on("data", (part) => {
          text += String(part);
        });
        socket.on("close", () => resolve(text.split("\r\n")[0] ?? ""));
        socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
      });
    expect(await upgraded("/b/x?y")).toBe("HTTP/1.1 503 Service Unavailable");
    expect(await upgraded("/a/")).toBe("HTTP/1.1 503 Service Unavailable");
    expect(await upgraded("/c/")).toBe("HTTP/1.1 404 Not Found");
    expect(paths).toEqual(["/b/", "/a/"]);
    expect((await fetch(`http://127.0.0.1:${port}/a/x`)).status).toBe(426);
  });
});
