import { backplaneConformance } from "@bellwire/core/conformance";
import { describe, it } from "vitest";
import { hideConsoleErrors } from "./expected-errors.ts";
import { memoryStore, sharedStore } from "./memory-store.ts";

hideConsoleErrors();

backplaneConformance(memoryStore, { name: "memory", describe, it });
backplaneConformance(sharedStore(), { name: "memory behind separate instances", describe, it });
