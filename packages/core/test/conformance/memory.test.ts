import { conformance, memoryRig } from "@bellwire/core/conformance";
import { describe, it } from "vitest";

conformance(memoryRig, { describe, it });
