/** Bellwire over WebSocket, slowed down. */
import type { Contender } from "../../contender.ts";
import { contender as plain } from "../../contenders/bellwire-ws.ts";
import { slowedDown } from "./slow-down.ts";

export const contender: Contender = slowedDown(plain);
