/**
 * Decides whether a request may go on: first the page that sent it, then whether the hub takes a
 * new link.
 */
import type { CloseCause } from "../../protocol/close-codes.ts";
import type { LinkAcceptor } from "../acceptor.ts";
import { type AllowedOrigins, judgeOrigin } from "./origins.ts";
import type { HttpRefusal } from "./refusal.ts";
import type { RequestFacts } from "./request.ts";

/** The part of a hub that admission asks. A hub without `refusal` takes every link. */
export type AdmittingHub = Partial<Pick<LinkAcceptor, "refusal" | "refused" | "onClose">>;

/** The verdict on a request. */
export interface Admitted {
  /** CORS headers of its answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** The answer when it may not go on: 403 for its origin, 503 for a hub that takes no link now. */
  readonly refused?: HttpRefusal;
}

/** The admission to one hub over one transport. */
export class Admission {
  readonly #hub: AdmittingHub;
  readonly #transport: string;
  readonly #allowedOrigins: AllowedOrigins;
  #closing = false;

  /** `transport` names the adapter in the hub's reports. */
  constructor(hub: AdmittingHub, transport: string, allowedOrigins: AllowedOrigins) {
    this.#hub = hub;
    this.#transport = transport;
    this.#allowedOrigins = allowedOrigins;
    hub.onClose?.(() => {
      this.#closing = true;
    });
  }

  /**
   * Judges a request by its origin and, if it asks for a new link, by {@link Admission.refusal}.
   * The hub is notified of a refused origin.
   */
  judge({ headers, secure }: RequestFacts, asksForLink: boolean): Admitted {
    const origin = judgeOrigin(headers, this.#allowedOrigins, secure);
    if (!origin.allowed) {
      this.refused(origin.cause);
      return { headers: {}, refused: { status: 403, cause: origin.cause } };
    }
    const cause = asksForLink ? this.refusal() : undefined;
    return cause ? { headers: origin.headers, refused: { status: 503, cause } } : { headers: origin.headers };
  }

  /** Why the hub takes no new link now. Each call counts against the hub's rate of new links. */
  refusal(): CloseCause | undefined {
    return this.#hub.refusal?.() ?? (this.#closing ? { code: "draining" } : undefined);
  }

  /** Notifies the hub that the adapter refused a request by itself. */
  readonly refused = (cause: CloseCause): void => this.#hub.refused?.(cause, this.#transport);
}
