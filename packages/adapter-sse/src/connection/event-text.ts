/** Writes the event stream format of the HTML standard. */

/**
 * One event. Without `event` a stock client reports it as `message`; without `id` its last event id
 * stays.
 */
export interface StreamEvent {
  readonly event?: string;
  readonly id?: string;
  readonly data: string;
}

/** A comment, which no client reports. Proxies take it for a sign of life. */
export const COMMENT = ":\n\n";

/** An event's name is text of one line; an id must also be legal in a header. */
const EVENT = /^\P{Cc}*$/u;
const ID = /^[ -~]*$/;
const LINE_BREAK = /\r\n|\r|\n/;

/**
 * The text of one event. `data` is split at CR, LF and CRLF, which all end a line of the format.
 * Throws a RangeError when `event` contains a control character, or `id` anything but printable
 * ASCII: a line break there would let the author of a name forge events.
 */
export function eventText({ event, id, data }: StreamEvent): string {
  return `${field("event", event, EVENT)}${field("id", id, ID)}${dataLines(data)}\n`;
}

function field(name: string, value: string | undefined, allowed: RegExp): string {
  if (value === undefined) return "";
  if (!allowed.test(value)) throw new RangeError(`the field "${name}" must be printable`);
  return `${name}: ${value}\n`;
}

function dataLines(data: string): string {
  if (!data.includes("\n") && !data.includes("\r")) return `data: ${data}\n`;
  return data
    .split(LINE_BREAK)
    .map((line) => `data: ${line}\n`)
    .join("");
}
