/** The page of the element's tests, with globals that the tests call. */
import "@bellwire/toaster";
import { storedReads } from "@bellwire/toaster";

const toaster = document.querySelector("bellwire-toaster");
if (!toaster) throw new Error("the page has no toaster");
toaster.reads = storedReads(localStorage);
Object.assign(window, { toaster, ran: [], changes: 0 });
toaster.addEventListener("change", () => {
  window.changes += 1;
});

declare global {
  interface Window {
    toaster: typeof toaster & object;
    /** The results of actions. */
    ran: string[];
    changes: number;
  }
}
