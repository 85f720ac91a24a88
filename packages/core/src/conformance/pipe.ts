/** One direction of one proxied connection. */
import type { Socket } from "node:net";
import type { Accident, DirectionFaults } from "./faults.ts";
import type { Random } from "./random.ts";

/** Bytes that wait in a pipe before it stops reading, so that its sender feels back pressure. */
const HELD = 1_048_576;

interface Held {
  readonly bytes: Buffer;
  /** `performance.now()` from which the bytes may pass. */
  readonly due: number;
}

/** Moves bytes from one socket to the other, in order, through the faults. */
export class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #faults: DirectionFaults;
  readonly #random: Random;
  readonly #end: (kind: "cut" | "reset") => void;
  readonly #queue: Held[] = [];
  #accident: Accident | undefined;
  #held = 0;
  #passed = 0;
  #lastDue = 0;
  /** `performance.now()` from which the bandwidth allows the next write. */
  #free = 0;
  #frozen = false;
  #sourceEnded = false;
  #finished = false;
  #stopped = false;
  #pumping = false;
  #wake: (() => void) | undefined;

  constructor(
    from: Socket,
    to: Socket,
    faults: DirectionFaults,
    random: Random,
    end: (kind: "cut" | "reset") => void,
  ) {
    this.#from = from;
    this.#to = to;
    this.#faults = faults;
    this.#accident = faults.accident;
    this.#random = random;
    this.#end = end;
    from.on("data", (bytes: Buffer) => this.#take(bytes));
    from.on("end", () => {
      this.#sourceEnded = true;
      void this.#pump();
    });
  }

  freeze(): void {
    this.#frozen = true;
    this.#from.pause();
  }

  heal(): void {
    this.#frozen = false;
    if (this.#held < HELD) this.#from.resume();
    this.#wake?.();
    void this.#pump();
  }

  /** Passes a FIN on and drops everything that the source still sends. */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#queue.length = 0;
    this.#held = 0;
    this.#to.end();
    this.#from.resume();
  }

  /** Lets nothing more pass. The caller ends the sockets. */
  stop(): void {
    this.#stopped = true;
    this.#queue.length = 0;
    this.#wake?.();
  }

  #take(bytes: Buffer): void {
    if (this.#stopped || this.#finished) return;
    const { latency = 0, jitter = 0 } = this.#faults;
    const late = latency + (jitter > 0 ? this.#random.next() * jitter : 0);
    this.#lastDue = Math.max(this.#lastDue, performance.now() + late);
    this.#queue.push({ bytes, due: this.#lastDue });
    this.#held += bytes.length;
    if (this.#held >= HELD) this.#from.pause();
    void this.#pump();
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    for (let next = this.#queue[0]; next && !this.#frozen; next = this.#queue[0]) {
      const wait = Math.max(next.due, this.#free) - performance.now();
      // Timers are whole milliseconds; a shorter wait is not worth one.
      if (wait >= 1) {
        await this.#pause(wait);
        continue;
      }
      this.#queue.shift();
      this.#held -= next.bytes.length;
      await this.#pass(next.bytes);
      if (!this.#frozen && !this.#stopped && this.#held < HELD) this.#from.resume();
    }
    this.#pumping = false;
    if (this.#sourceEnded && this.#queue.length === 0 && !this.#frozen && !this.#stopped) this.finish();
  }

  async #pass(bytes: Buffer): Promise<void> {
    const accident = this.#accident;
    if (!accident || accident.at >= this.#passed + bytes.length) {
      await this.#write(bytes);
      return;
    }
    this.#accident = undefined;
    const here = accident.at - this.#passed;
    await this.#write(bytes.subarray(0, here));
    await this.#happen(accident, bytes.subarray(here));
  }

  async #happen(accident: Accident, rest: Buffer): Promise<void> {
    switch (accident.kind) {
      case "cut":
      case "reset":
        this.#end(accident.kind);
        return;
      case "finish":
        this.finish();
        return;
      case "freeze":
        this.freeze();
        this.#putBack(rest);
        return;
      case "corrupt": {
        const changed = Buffer.from(rest);
        changed[0] = (changed[0] ?? 0) ^ (1 << this.#random.int(8));
        await this.#write(changed);
        return;
      }
      case "duplicate":
        await this.#write(rest);
        await this.#write(rest);
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    const { bytesPerSecond, slicedBytes = Number.POSITIVE_INFINITY } = this.#faults;
    // A throttled direction writes the bytes of 10 ms at a time.
    const unsliced = bytesPerSecond ? Math.ceil(bytesPerSecond / 100) : bytes.length;
    let slice = 0;
    for (let at = 0; at < bytes.length; at += slice) {
      slice = this.#passed < slicedBytes ? (this.#faults.slice ?? unsliced) : unsliced;
      if (this.#stopped || this.#finished || !this.#to.writable) return;
      if (this.#frozen) {
        this.#putBack(bytes.subarray(at));
        return;
      }
      const part = bytes.subarray(at, at + slice);
      this.#passed += part.length;
      if (!this.#to.write(part)) await this.#drained();
      if (bytesPerSecond !== undefined) {
        this.#free = Math.max(this.#free, performance.now()) + (part.length / bytesPerSecond) * 1_000;
        const wait = this.#free - performance.now();
        if (wait >= 1) await this.#pause(wait);
      }
      // Without a turn of the event loop in between, the kernel would join two writes.
      if (slice < bytes.length) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #putBack(bytes: Buffer): void {
    this.#queue.unshift({ bytes, due: 0 });
    this.#held += bytes.length;
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#to.off("drain", done);
        this.#to.off("close", done);
        resolve();
      };
      this.#to.on("drain", done);
      this.#to.on("close", done);
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      this.#wake = done;
      function done(): void {
        clearTimeout(timer);
        resolve();
      }
    });
  }
}
