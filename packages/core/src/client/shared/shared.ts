/** A transport over which all tabs of one origin share one connection. */
import type { Capabilities } from "../../capabilities.ts";
import { systemClock } from "../../clock.ts";
import type { Transport } from "../../link.ts";
import { checkOptions, object, text } from "../../options.ts";
import { createTab } from "./tab.ts";
import { TABS_VERSION } from "./tab-messages.ts";
import type { SharingPlatform, TabPlatform } from "./tab-platform.ts";

/** Options of {@link shared}. */
export interface SharedOptions {
  /**
   * Tabs with the same key share. The key MUST name everything that decides what a tab may receive:
   * the hub, and the user, where the hub knows users. For another user, make another channel with
   * another key. The key is no secret: every script of the origin can see it.
   */
  readonly key: string;
  /**
   * The platform by which tabs find each other. Default: the browser's locks, broadcasts and page
   * events.
   */
  readonly platform?: TabPlatform;
}

/**
 * A transport over which all tabs of one origin share one connection. The tab that holds it is the
 * leader. When the leader is closed, crashes or sends nothing for 4 s, another tab takes its place;
 * the other tabs' links end with `link_lost`, and their channels resume at once from their
 * positions. For the hub all tabs are one link of one session: one identity, one rate, one member.
 * `excludeSelf` spares the publisher's own channel only, and does not keep a publish from the pages
 * of history that this channel reads.
 *
 * On a platform without locks or broadcasts, such as a page that is not secure, it returns
 * `transport` itself. Throws `invalid_option`.
 */
export function shared<C extends Capabilities>(
  transport: Transport<C>,
  options: SharedOptions,
): Transport<C> {
  checkOptions("shared", options, { key: text, platform: object }, ["key"]);
  const { key, platform = globalThis as unknown as TabPlatform } = options;
  // Only a platform that was given has a clock: a page's global may use the name for anything.
  const clock = options.platform?.clock ?? systemClock;
  if (!platform.navigator?.locks || !platform.BroadcastChannel) return transport;
  return {
    name: `shared(${transport.name})`,
    capabilities: transport.capabilities,
    connect: createTab(transport, `bellwire/${TABS_VERSION}/${key}`, clock, platform as SharingPlatform),
  };
}
