/**
 * The account routes: signing in and out, a fresh token, and visits to the demonstration. They and
 * the page's files are plain HTTP; everything else is commands and notifications.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { type Accounts, SIGN_IN_DAYS, type SignedIn } from "./accounts.ts";

const COOKIE = "tracker_device";
const BODY_BYTES = 4_096;
const credentials = z.object({ name: z.string().min(1).max(80), password: z.string().min(1).max(200) });
const choice = z.object({ as: z.enum(["member", "trainer", "admin"]) });

/** The parts that the account routes use. */
export interface AccountParts {
  readonly accounts: Accounts;
  /** In a demonstration: the account for somebody who only looks. Absent otherwise. */
  readonly visit?: ((as: z.infer<typeof choice>["as"]) => Promise<string>) | undefined;
  readonly failed: (error: unknown) => void;
}

/**
 * Answers a POST to one of the account routes. Returns false for any other request and leaves it
 * alone.
 */
export function serveAccounts(
  parts: AccountParts,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const path = request.url?.split("?", 1)[0] ?? "";
  if (request.method !== "POST" || !/^\/(sign-in|sign-out|token|visit)$/.test(path)) return false;
  answer(parts, path, request).then(
    ({ status, body, cookie }) => {
      response.writeHead(status, {
        "content-type": "application/json",
        "cache-control": "no-store",
        ...(cookie !== undefined && { "set-cookie": cookie }),
      });
      response.end(JSON.stringify(body));
    },
    (error: unknown) => {
      parts.failed(error);
      response.writeHead(500, { "content-type": "application/json" }).end('{"error":"internal"}');
    },
  );
  return true;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly cookie?: string;
}

async function answer(
  { accounts, visit }: AccountParts,
  path: string,
  request: IncomingMessage,
): Promise<Answer> {
  // Forms of other pages cannot send this type, and the cookie is not sent along for them either.
  if (request.headers["content-type"] !== "application/json") return refusal(415, "malformed");
  const body = await readJson(request);
  const secret = secretOf(request);
  switch (path) {
    case "/sign-in": {
      const given = credentials.safeParse(body);
      if (!given.success) return refusal(400, "malformed");
      const signedIn = await accounts.signIn(given.data.name, given.data.password);
      if (signedIn === "refused") return refusal(401, "unauthorized");
      return signedIn === "wait" ? refusal(429, "rate_limited") : welcome(request, signedIn);
    }
    case "/visit": {
      const given = choice.safeParse(body);
      if (!visit || !given.success) return refusal(404, "forbidden");
      return welcome(request, await accounts.admit(await visit(given.data.as)));
    }
    case "/token": {
      const renewed = secret === undefined ? null : await accounts.renew(secret);
      // Null is no error: pages ask to find out.
      return { status: 200, body: renewed };
    }
    default:
      if (secret !== undefined) await accounts.signOut(secret);
      return { status: 200, body: {}, cookie: `${COOKIE}=; Path=/; Max-Age=0` };
  }
}

function refusal(status: number, error: string): Answer {
  return { status, body: { error } };
}

function welcome(request: IncomingMessage, { secret, ...body }: SignedIn): Answer {
  const secure = request.headers["x-forwarded-proto"] === "https" ? "; Secure" : "";
  const age = SIGN_IN_DAYS * 24 * 60 * 60;
  const cookie = `${COOKIE}=${secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${age}${secure}`;
  return { status: 200, body, cookie };
}

function secretOf({ headers }: IncomingMessage): string | undefined {
  return new RegExp(`(?:^|; )${COOKIE}=([\\w-]+)`).exec(headers.cookie ?? "")?.[1];
}

/** The body; undefined when it is no JSON, too large, or broken off. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = "";
  try {
    for await (const chunk of request.setEncoding("utf8")) {
      text += chunk as string;
      if (text.length > BODY_BYTES) return undefined;
    }
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
