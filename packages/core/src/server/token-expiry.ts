/** Watches the end of a link's token: warns the client before it, and ends the link at it. */
import type { Clock } from "../clock.ts";

export interface TokenExpiryOptions {
  readonly clock: Clock;
  /**
   * Milliseconds before the end at which the client is warned; at most half of the token's life.
   */
  readonly notice: number;
  /** Called with the milliseconds until the token ends. */
  readonly expiring: (ms: number) => void;
  readonly expired: () => void;
}

export class TokenExpiry {
  readonly #options: TokenExpiryOptions;
  #cancel: (() => void) | undefined;

  constructor(options: TokenExpiryOptions) {
    this.#options = options;
  }

  /** Sets the end, in wall-clock milliseconds since 1970. Undefined: the token does not expire. */
  watch(expiresAt: number | undefined): void {
    this.cancel();
    if (expiresAt === undefined) return;
    const { clock, notice, expiring, expired } = this.#options;
    const left = expiresAt - clock.wall();
    // With an earlier warning, a short-lived token would be replaced at once.
    const quiet = Math.max(0, left - Math.min(notice, left / 2));
    this.#cancel = clock.after(quiet, () => {
      const rest = Math.max(0, expiresAt - clock.wall());
      expiring(rest);
      this.#cancel = clock.after(rest, expired);
    });
  }

  cancel(): void {
    this.#cancel?.();
  }
}
