/** The kit over the link of the tab that leads. */
import { conformance } from "@bellwire/core/conformance";
import { describe, it } from "vitest";
import { tabsRig } from "./tabs-rig.ts";

conformance(tabsRig("leader"), { describe, it });
