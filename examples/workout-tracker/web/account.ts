/** Signing in and out, by the server's account routes. */
import { BellwireError } from "@bellwire/core";
import { z } from "zod";
import { type Person, person } from "../things.ts";

const shape = z.object({ token: z.string(), user: person });

/** Thrown with what to tell the user. */
export class Refused extends Error {}

async function post(path: string, body: unknown): Promise<Response> {
  try {
    return await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Refused("The server cannot be reached. Try again in a moment.");
  }
}

/** Rejects with {@link Refused}. */
export async function signIn(name: string, password: string): Promise<Person> {
  const response = await post("/sign-in", { name, password });
  if (response.status === 401) throw new Refused("Name and password do not fit.");
  if (response.status === 429) throw new Refused("Too many tries. Wait a minute.");
  if (!response.ok) throw new Refused("That did not work. Try again in a moment.");
  return shape.parse(await response.json()).user;
}

/** In a demonstration: comes in without a password. */
export async function visit(as: "member" | "trainer" | "admin"): Promise<Person> {
  const response = await post("/visit", { as });
  if (!response.ok) throw new Refused("That did not work. Try again in a moment.");
  return shape.parse(await response.json()).user;
}

export async function signOut(): Promise<void> {
  await post("/sign-out", {});
}

/** The person whom this device is signed in as; null for nobody. */
export async function whoAmI(): Promise<Person | null> {
  const response = await post("/token", {});
  if (!response.ok) throw new Refused("The server cannot be reached. Try again in a moment.");
  return shape.nullable().parse(await response.json())?.user ?? null;
}

/**
 * The channel's token source. A device that is not signed in any more ends the channel; a server
 * that is away is asked again.
 */
export async function freshToken(): Promise<string> {
  const response = await post("/token", {});
  if (!response.ok) throw new BellwireError("link_lost", "no token");
  const answer = shape.nullable().parse(await response.json());
  if (!answer) throw new BellwireError("unauthorized", "not signed in any more");
  return answer.token;
}
