/**
 * The content that is broadcast in the fan-out, and the check that a real client got exactly that.
 */
import { FAN_OUT_EVENT, FAN_OUT_TOPIC, type Notice } from "../../contender.ts";
import { MARKER } from "../../wire/marker.ts";

/** Bytes of the data of one notification, as JSON in UTF-8. */
export const DATA_BYTES = 128;

/**
 * The notification with this sequence: data of exactly {@link DATA_BYTES}, with one marker in it.
 */
export function broadcast(sequence: number): Notice {
  const data = { sequence, text: MARKER, fill: "" };
  data.fill = "abcdefghij"
    .repeat(DATA_BYTES / 10)
    .slice(0, DATA_BYTES - Buffer.byteLength(JSON.stringify(data)));
  return { topic: FAN_OUT_TOPIC, event: FAN_OUT_EVENT, data };
}

/** Compares what one real client receives with what was sent, one by one and in order. */
export class ContentCheck {
  #received = 0;
  #fault: string | undefined;

  add(data: unknown): void {
    const expected = JSON.stringify(broadcast(this.#received).data);
    if (JSON.stringify(data) !== expected)
      this.#fault ??= `number ${this.#received} is ${JSON.stringify(data)}`;
    this.#received += 1;
  }

  get received(): number {
    return this.#received;
  }

  /** The first that was not as sent. */
  get fault(): string | undefined {
    return this.#fault;
  }
}
