/**
 * A subscription that begins with the past or with a snapshot. It listens at once, holds back what
 * comes until that is there, and then goes on without a hole and without a repetition.
 */
import type { Position } from "../../protocol/messages.ts";
import { Listeners } from "../listeners.ts";
import { type Notification, SubscriptionHandle } from "../subscription.ts";

/** Notifications, gaps and members that wait for the beginning. */
const HELD = 1_000;

export class LateSubscription extends SubscriptionHandle {
  readonly #states: Listeners<unknown>;
  readonly #view: { held: (() => void)[] | undefined };
  readonly #overflow: () => void;
  /** The beginning contains everything up to here. */
  #covered: Position | undefined;

  /** `overflow`: more has to wait than is held; it calls `begin` or `hold`. */
  constructor(inner: SubscriptionHandle, report: (error: unknown) => void, overflow: () => void) {
    const view = {
      /** Work that waits for the beginning, in order; undefined when that is not awaited. */
      held: [] as (() => void)[] | undefined,
      get cursor() {
        return view.held ? undefined : inner.position;
      },
      get members() {
        return inner.members;
      },
    };
    super(inner.topic, view, report, () => inner.close());
    this.#view = view;
    this.#states = new Listeners(report);
    this.#overflow = overflow;
    inner.onAny((notification: Notification) =>
      this.inTurn(() => {
        if (!this.#isCovered(notification)) this.deliver(notification);
      }),
    );
    inner.onMembers((change) => this.inTurn(() => this.changed(change)));
    inner.onEnd((error) => {
      // Notifications from before the end are delivered before it.
      if (error.code !== "closed") this.#release();
      this.end(error);
    });
  }

  /** Reports each snapshot, before any notification that it does not contain. */
  onState(listener: (state: never) => unknown): () => void {
    return this.#states.add(listener as (state: unknown) => unknown);
  }

  /** Holds back everything from now on, and drops all that was held: the beginning contains it. */
  hold(): void {
    this.#view.held = [];
  }

  /**
   * Goes on after `start`, if it still waits: with the work that delivers the beginning, which
   * contains everything up to `covered`, and then with what was held.
   */
  begin(start: Position, covered: Position | undefined, deliver?: () => void): void {
    if (!this.#view.held) return;
    this.#covered = covered;
    this.joined(start);
    this.#release(deliver);
  }

  /** Begins with the past. */
  beginWithPast(start: Position, past: readonly Notification[], covered: Position): void {
    this.begin(start, covered, () => past.forEach((notification) => this.deliver(notification)));
  }

  /** Begins with a snapshot, also after a break. */
  beginWithState(state: unknown, covered: Position): void {
    this.begin(covered, covered, () => this.#states.emit(state));
  }

  /** Runs now, or after the beginning. */
  inTurn(work: () => void): void {
    const { held } = this.#view;
    if (!held) return work();
    held.push(work);
    if (held.length > HELD) this.#overflow();
  }

  #release(first?: () => void): void {
    const held = this.#view.held ?? [];
    this.#view.held = undefined;
    first?.();
    for (const work of held) work();
  }

  #isCovered({ position: { epoch, offset } }: Notification): boolean {
    const covered = this.#covered;
    return offset > 0 && epoch === covered?.epoch && offset <= covered.offset;
  }
}
