/** Places in the numbering of a topic, where there may be none yet. Pure. */
import type { Position } from "@bellwire/core";

export function isSame(one: Position | undefined, other: Position | undefined): boolean {
  return one?.epoch === other?.epoch && one?.offset === other?.offset;
}

/** The next place. */
export function after(position: Position | undefined): Position | undefined {
  return position && { epoch: position.epoch, offset: position.offset + 1 };
}
