import { conformance } from "@bellwire/core/conformance";
import { describe, it } from "vitest";
import { pusherRig } from "../src/testing.ts";

conformance(pusherRig, { describe, it });
