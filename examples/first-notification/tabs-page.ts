/**
 * One of many tabs that share a connection: it writes down what it hears, and shows it under
 * `window.tab`.
 */
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { createChannel } from "@bellwire/core/client";
import { shared } from "@bellwire/core/shared";
import { topics } from "./topics.ts";

/** The report of a tab. All times are wall clock, in milliseconds since 1970. */
export interface TabReport {
  /** Where the subscription began, and the last notification delivered. */
  readonly first: number;
  readonly last: number;
  /** Notifications that were not the one after the last, gaps, and errors; none, if all is well. */
  readonly wrong: readonly string[];
  /**
   * When the last notification was heard, and when it was heard for the first time on the link of
   * now.
   */
  readonly heardAt: number;
  readonly liveSince: number;
  /** Whether this is the tab that has the connection to the hub. */
  readonly leads: boolean;
}

const wire = webSocketTransport({ url: `${location.origin.replace(/^http/, "ws")}/bellwire` });
let connections = 0;
const transport = shared(
  {
    ...wire,
    connect(observer) {
      return wire.connect({
        open() {
          connections += 1;
          observer.open();
        },
        message: (message, bytes) => observer.message(message, bytes),
        malformed: (reason) => observer.malformed(reason),
        close(cause) {
          connections = 0;
          observer.close(cause);
        },
      });
    },
  },
  { key: "user 42" },
);
const channel = createChannel({ topics, transport });
const workouts = channel.subscribe("workouts.42");
const wrong: string[] = [];
let first = -1;
let last = -1;
let heardAt = 0;
let liveSince = 0;

workouts.on("completed", ({ position }) => {
  if (last < 0) first = position.offset;
  else if (position.offset !== last + 1) wrong.push(`${position.offset} after ${last}`);
  last = position.offset;
  heardAt = Date.now();
  liveSince ||= heardAt;
});
workouts.onGap(({ reason, after }) => wrong.push(`gap (${reason}) after ${after.offset}`));
channel.onState((state) => {
  if (state !== "connected") liveSince = 0;
});
channel.onError((error) => wrong.push(String(error)));

const report = (): TabReport => ({ first, last, wrong, heardAt, liveSince, leads: connections > 0 });
Object.assign(window, { tab: report });
