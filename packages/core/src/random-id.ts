/** Random ids from the platform's cryptographic generator. */

/**
 * A random id of `length` digits and lower-case letters up to v, 5 bits each; 12 are for names, 22
 * for secrets.
 */
export function randomId(length: number): string {
  // 32 divides 256, so that all letters are equally likely.
  return Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => (byte % 32).toString(32)).join(
    "",
  );
}
