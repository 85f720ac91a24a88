/** Bellwire over Server-Sent Events, slowed down. */
import type { Contender } from "../../contender.ts";
import { contender as plain } from "../../contenders/bellwire-sse.ts";
import { slowedDown } from "./slow-down.ts";

export const contender: Contender = slowedDown(plain);
