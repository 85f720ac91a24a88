/**
 * Toasts and a notification centre. Importing this module defines `<bellwire-toaster>` on the page.
 */
import { defineToaster } from "./element.ts";

export { BellwireToaster, defineToaster, type Sourced, type ToastSource } from "./element.ts";
export { type ReadStore, storedReads } from "./reads.ts";
export {
  type Notice,
  type Toast,
  type ToastAction,
  type ToasterLabels,
  type Tone,
} from "./toast.ts";

defineToaster();
