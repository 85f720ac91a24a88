/** The text of a message as the `ws` library hands it over. */
import type { RawData } from "ws";

/** The text. `ws` gives one Buffer unless it was asked for something else. */
export function messageText(data: RawData): string {
  return (data as Buffer).toString("utf8");
}
