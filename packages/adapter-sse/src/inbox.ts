/**
 * Restores the order of commands that came in separate requests. Requests may overtake each other, and a proxy may send one
 * twice; the client numbers its commands from 1, and each is handed over once, in that order.
 */

/** Commands that may wait for an earlier one. */
export const WAITING_COMMANDS = 64;

/** What the inbox must know of a command: its size, in bytes. */
export interface Sized {
  readonly bytes: number;
}

export class Inbox<Command extends Sized> {
  readonly #deliver: (command: Command) => void;
  readonly #waitingBytes: number;
  #next = 1;
  #waiting: Map<number, Command> | undefined;
  #bytes = 0;

  /** `waitingBytes` bounds what the waiting commands hold together. */
  constructor(deliver: (command: Command) => void, waitingBytes: number) {
    this.#deliver = deliver;
    this.#waitingBytes = waitingBytes;
  }

  /**
   * Takes the commands of one request, `first` being the number of the first of them. Commands seen before are dropped. Returns
   * false, and takes none, when too much would have to wait.
   */
  take(first: number, commands: readonly Command[]): boolean {
    if (first <= this.#next) {
      for (const command of commands.slice(this.#next - first)) this.#handOver(command);
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
      this.#handOver(found);
    }
  }

  /** The number moves before the command is delivered: delivering may lead back here. */
  #handOver(command: Command): void {
    const waiting = this.#waiting?.get(this.#next);
    if (waiting) {
      this.#waiting?.delete(this.#next);
      this.#bytes -= waiting.bytes;
    }
    this.#next += 1;
    this.#deliver(command);
  }
}
