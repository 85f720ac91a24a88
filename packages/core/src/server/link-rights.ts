/** The rights of one link, as `revoke` takes them away. Pure. */
import { BellwireError } from "../errors.ts";

export class LinkRights {
  /** Users whose links were all revoked while the application decides which user this one has. */
  #revoked: Set<string> | undefined;
  #version = 0;
  #ended = false;

  /** A number that changes with every right that is taken. Throws `closed` once all were. */
  get version(): number {
    if (this.#ended) throw new BellwireError("closed", "the link has ended");
    return this.#version;
  }

  /** A right was taken: commands that are being decided were asked with the rights of before. */
  take(): void {
    this.#version += 1;
  }

  /** All rights were taken: commands that still wait are not carried out. */
  end(): void {
    this.#ended = true;
  }

  /** Every link of the user was revoked, and this one may turn out to be one of them. */
  revokeOnceKnown(user: string): void {
    this.#revoked ??= new Set();
    this.#revoked.add(user);
  }

  /** Whether the user was revoked before the application had decided. */
  revoked(user: string | undefined): boolean {
    return user !== undefined && (this.#revoked?.has(user) ?? false);
  }
}
