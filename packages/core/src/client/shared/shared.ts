/** All tabs of one origin over one connection: a transport that is made of another, and of the other tabs. */
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
   * Tabs with the same key share. It MUST name whatever decides what may be heard: the hub, and the user, where the hub knows users.
   * Who changes the user makes another channel with another key. Not for secrets: every script of the origin can see it.
   */
  readonly key: string;
  /** How tabs know of each other. Default: the browser's locks, broadcasts and page events. */
  readonly platform?: TabPlatform;
}

/**
 * A transport over which all tabs of one origin share one connection. The tab that has it is the leader; when it is closed, crashes or
 * falls silent for 4 s, another takes its place, the others' links end with `link_lost`, and their channels resume at once where they were.
 * For the hub all tabs are one link of one session: one identity, one rate, one member. `excludeSelf` spares the publisher's own channel only.
 * Where the platform has no locks or no broadcasts, which is so on pages that are not secure, it is `transport` itself.
 * Throws `invalid_option`.
 */
export function shared<C extends Capabilities>(
  transport: Transport<C>,
  options: SharedOptions,
): Transport<C> {
  checkOptions("shared", options, { key: text, platform: object }, ["key"]);
  const { key, platform = globalThis as unknown as TabPlatform } = options;
  // Of a page's own, anything may go by that name.
  const clock = options.platform?.clock ?? systemClock;
  if (!platform.navigator?.locks || !platform.BroadcastChannel) return transport;
  return {
    name: `shared(${transport.name})`,
    capabilities: transport.capabilities,
    connect: createTab(transport, `bellwire/${TABS_VERSION}/${key}`, clock, platform as SharingPlatform),
  };
}
