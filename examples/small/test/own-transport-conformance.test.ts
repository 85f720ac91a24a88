/** The transport of own-transport, held to the promises of every transport. */
import { conformance } from "@bellwire/core/conformance";
import { describe, it } from "vitest";
import { tcpRig } from "../own-transport/testing.ts";

conformance(tcpRig, { describe, it });
