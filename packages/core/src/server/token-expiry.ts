/** Watches the end of a link's token: notice before it, and the end. */
import type { Clock } from "../clock.ts";

export interface TokenExpiryOptions {
  readonly clock: Clock;
  /** Milliseconds before the end at which the client is told; at most half of the token's life. */
  readonly notice: number;
  /** The token ends in so many milliseconds. */
  readonly expiring: (ms: number) => void;
  readonly expired: () => void;
}

export class TokenExpiry {
  readonly #options: TokenExpiryOptions;
  #cancel: (() => void) | undefined;

  constructor(options: TokenExpiryOptions) {
    this.#options = options;
  }

  /** From now on this end counts, in wall-clock milliseconds since 1970. Undefined: it has none. */
  watch(expiresAt: number | undefined): void {
    this.cancel();
    if (expiresAt === undefined) return;
    const { clock, notice, expiring, expired } = this.#options;
    const left = expiresAt - clock.wall();
    // At most half of its life before, or a short-lived token would be followed by the next at
    // once.
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
