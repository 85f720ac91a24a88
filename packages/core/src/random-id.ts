/** Random ids from the platform's cryptographic generator. */

const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";

/** A random id of `length` digits and lower-case letters, about 5.2 bits each; 12 are for names, 22 for secrets. */
export function randomId(length: number): string {
  let id = "";
  while (id.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      // 252 is the largest multiple of 36 that fits a byte: what lies above would favour the first letters.
      if (byte < 252 && id.length < length) id += ALPHABET[byte % 36];
    }
  }
  return id;
}
