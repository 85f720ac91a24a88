import { backplaneConformance } from "@bellwire/core/conformance";
import { describe, it, vi } from "vitest";
import { memoryStore, sharedStore } from "./memory-store.ts";

// One listener of the kit throws on purpose.
vi.spyOn(console, "error").mockImplementation(() => {});

backplaneConformance(memoryStore, { name: "memory", describe, it });
backplaneConformance(sharedStore(), { name: "memory behind separate instances", describe, it });
