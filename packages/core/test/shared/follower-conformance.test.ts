/** The kit over the link of the tab that follows another. */
import { conformance } from "@bellwire/core/conformance";
import { describe, it } from "vitest";
import { tabsRig } from "./tabs-rig.ts";

conformance(tabsRig("follower"), { describe, it });
