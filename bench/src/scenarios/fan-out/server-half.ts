/**
 * The server's half of the fan-out: serves one contender, and broadcasts in slices whose CPU it
 * measures.
 */
import { promisify } from "node:util";
import {
  type Contender,
  FAN_OUT_EVENT,
  FAN_OUT_TOPIC,
  type Notice,
  type ServerHalf,
} from "../../contender.ts";
import { startProfile, writeProfile } from "../../process/profile.ts";
import { loadContender } from "../../registry.ts";
import { broadcast } from "./content.ts";

const nextTurn = promisify(setImmediate);

/** The work of one slice. A tick is one turn of the event loop. */
export interface SliceOrder {
  /**
   * Ticks before the measured ones: V8 shrinks its young generation while a process waits, and must
   * grow it again.
   */
  readonly leadIn: number;
  readonly ticks: number;
  /** Notifications per tick. */
  readonly burst: number;
}

/** The cost of a slice for the server process, user and system time together, in microseconds. */
export interface SliceCost {
  readonly cpu: number;
  /** Notifications of the measured ticks. */
  readonly notifications: number;
  /**
   * Notifications since the process began, lead-ins included: what every subscriber must have by
   * now.
   */
  readonly published: number;
  /** Bytes written in the measured ticks, over all sockets. */
  readonly bytes: number;
}

/** See `HalfModule`. */
export function createHalf() {
  let half: ServerHalf | undefined;
  let published = 0;

  /**
   * Ticks without a pause: the clients are always behind and so never asleep. With pauses every
   * write would also pay for waking them, which is a cost of having both ends on one machine and
   * differs from second to second.
   */
  const ticks = async (count: number, burst: number, server: ServerHalf): Promise<void> => {
    for (let tick = 0; tick < count; tick += 1) {
      const notices: Notice[] = [];
      for (let index = 0; index < burst; index += 1) notices.push(broadcast(published + index));
      published += burst;
      server.publish(notices);
      await nextTurn();
    }
    // Work that the last tick put off to later turns belongs to it.
    await nextTurn();
  };

  return {
    async serve(module: string): Promise<number> {
      const contender: Contender = await loadContender(module);
      half = await contender.serve({ events: [FAN_OUT_EVENT] });
      return half.port;
    },
    async slice({ leadIn, ticks: measured, burst }: SliceOrder): Promise<SliceCost> {
      if (!half) throw new Error(`nobody serves ${FAN_OUT_TOPIC}`);
      await ticks(leadIn, burst, half);
      const bytes = half.bytesWritten();
      const before = process.cpuUsage();
      await ticks(measured, burst, half);
      const { user, system } = process.cpuUsage(before);
      return {
        cpu: user + system,
        notifications: measured * burst,
        published,
        bytes: half.bytesWritten() - bytes,
      };
    },
    startProfile,
    writeProfile,
    failures: (): number => half?.failures() ?? 0,
    async close(): Promise<void> {
      await half?.close();
    },
  };
}
