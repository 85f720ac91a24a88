/**
 * Restores the order of commands that came in separate requests. Requests may overtake each other,
 * and a proxy may send one twice. The client numbers its commands from 1; each is delivered once,
 * in that order.
 */

/** Commands that may wait for an earlier one. */
export const WAITING_COMMANDS = 64;

/** A command of known size. */
export interface Sized {
  /** Its share of the request's bytes. */
  readonly bytes: number;
}

/** The commands of one link, in the order of their numbers. */
export class Inbox<Command extends Sized> {
  readonly #deliver: (command: Command) => void;
  readonly #waitingBytes: number;
  #next = 1;
  #waiting: Map<number, Command> | undefined;
  #bytes = 0;

  /** `waitingBytes` bounds the size of all waiting commands together. */
  constructor(deliver: (command: Command) => void, waitingBytes: number) {
    this.#deliver = deliver;
    this.#waitingBytes = waitingBytes;
  }

  /**
   * Takes the commands of one request; `first` is the number of the first. Commands that came
   * before are dropped. Returns false and takes none when too many commands or bytes would have to
   * wait.
   */
  take(first: number, commands: readonly Command[]): boolean {
    if (first <= this.#next) {
      for (const command of commands.slice(this.#next - first)) this.#deliverNext(command);
      this.#drain();
      return true;
    }
    const fresh = commands
      .map((command, index) => [first + index, command] as const)
      .filter(([number]) => !this.#waiting?.has(number));
    const count = fresh.length + (this.#waiting?.size ?? 0);
    const bytes = fresh.reduce((sum, [, command]) => sum + command.bytes, this.#bytes);
    if (count > WAITING_COMMANDS || bytes > this.#waitingBytes) return false;
    this.#waiting ??= new Map();
    for (const [number, command] of fresh) this.#waiting.set(number, command);
    this.#bytes = bytes;
    return true;
  }

  #drain(): void {
    for (let found = this.#waiting?.get(this.#next); found; found = this.#waiting?.get(this.#next)) {
      this.#deliverNext(found);
    }
  }

  /** Counts before it delivers, because a delivery may call `take` again. */
  #deliverNext(command: Command): void {
    const waiting = this.#waiting?.get(this.#next);
    if (waiting) {
      this.#waiting?.delete(this.#next);
      this.#bytes -= waiting.bytes;
    }
    this.#next += 1;
    this.#deliver(command);
  }
}
