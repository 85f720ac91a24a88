import { conformance } from "@bellwire/core/conformance";
import { describe, it } from "vitest";
import { webSocketRig } from "../src/testing.ts";

conformance(webSocketRig, { describe, it });
