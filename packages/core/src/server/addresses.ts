/**
 * Addresses of things that one hub holds, such as links. Any hub on the backplane can tell which
 * hub has made an address, so that made-up ones cost no message between hubs.
 */
import { createHmac } from "node:crypto";
import { randomId } from "../random-id.ts";

/** A hub's id, a secret of 110 bits, and 96 bits that prove that the hub has put both together. */
const ADDRESS = /^([\da-v]{12})-([\da-v]{22})-([\w-]{16})$/;

/** A fresh address; 52 letters, digits, hyphens and underscores. */
export function makeAddress(hub: string, key: string): string {
  const secret = randomId(22);
  return `${hub}-${secret}-${proof(hub, secret, key)}`;
}

/** The hub that an address names; undefined for what is no address. */
export function hubIn(address: string): string | undefined {
  return ADDRESS.exec(address)?.[1];
}

/** Whether the holder of the key has made the address. */
export function isGenuine(address: string, key: string): boolean {
  const [, hub = "", secret = "", proven] = ADDRESS.exec(address) ?? [];
  return proven === proof(hub, secret, key);
}

function proof(hub: string, secret: string, key: string): string {
  return createHmac("sha256", key).update(`${hub}-${secret}`).digest("base64url").slice(0, 16);
}
