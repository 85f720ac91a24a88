/** Tells the hooks which contract this program has. */
import type { topics } from "../contract.ts";

declare module "@bellwire/react" {
  interface Register {
    topics: typeof topics;
  }
}
