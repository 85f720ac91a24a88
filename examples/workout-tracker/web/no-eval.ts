/**
 * Tells zod not to try `eval`, which this page's content security policy forbids and browsers
 * complain of. Imported before any schema runs.
 */
import { config } from "zod";

config({ jitless: true });
