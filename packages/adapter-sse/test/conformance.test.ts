import { conformance } from "@bellwire/core/conformance";
import { describe, it } from "vitest";
import { sseRig } from "../src/testing.ts";

conformance(sseRig, { describe, it });
