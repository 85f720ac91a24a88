/** Checks the data of a publish, wherever it enters: at a hub, or in a database's transaction. */
import { type EventDefinition, jsonOf, validate } from "../contract.ts";
import { BellwireError } from "../errors.ts";
import { DATA_DEPTH, isTooDeep } from "./json-depth.ts";

/** Data that satisfies the contract, as JSON. */
export interface CheckedData {
  readonly json: string;
  readonly bytes: number;
}

/**
 * The data as JSON, or a promise of it where the schema is asynchronous. Validated and then taken
 * as given: the receiver runs the schema again, and its transformation must not run twice. Throws
 * or rejects with `invalid_data`, `too_large` above `most` bytes, or `unknown_event` for a command.
 */
export function checkedData(
  { schema, returns }: EventDefinition,
  data: unknown,
  most: number,
): CheckedData | Promise<CheckedData> {
  if (returns) throw new BellwireError("unknown_event", "a command is for a handler, and there is none");
  const checked = validate(schema, data);
  return checked instanceof Promise ? checked.then(() => sized(data, most)) : sized(data, most);
}

function sized(data: unknown, most: number): CheckedData {
  const json = jsonOf(data);
  const bytes = Buffer.byteLength(json);
  if (bytes > most) throw new BellwireError("too_large", `data: at most ${most} bytes`);
  assertShallow(json);
  return { json, bytes };
}

/** Throws `invalid_data` for JSON that is nested too deeply. */
export function assertShallow(json: string): void {
  if (isTooDeep(json)) throw new BellwireError("invalid_data", `data: at most ${DATA_DEPTH} levels deep`);
}
