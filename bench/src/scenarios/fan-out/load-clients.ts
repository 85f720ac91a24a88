/**
 * A thousand subscribers that cost next to nothing: raw TCP connections that join by script and
 * then only count.
 */
import { connect, type Socket } from "node:net";
import type { LoadPlan } from "../../wire/load-plan.ts";
import { MarkerCount } from "../../wire/marker.ts";

/** Connections that are joining at the same time, by default. */
const AT_ONCE = 50;
/** Milliseconds for one connection to join; a whole storm of them shares the machine. */
const JOIN_TIMEOUT = 30_000;

/** One connection and what it has counted since it joined. */
export interface LoadClient {
  readonly counted: () => number;
  readonly close: () => void;
  /** Reads no more; what comes stays in the kernel, and then with the server. */
  readonly stall: () => void;
  /** Reads again. */
  readonly resume: () => void;
}

/**
 * Opens `count` connections. Rejects when one cannot join in time.
 * All of them read into one buffer, as each piece is counted before the next is read.
 */
export async function openLoadClients(
  plan: LoadPlan,
  port: number,
  count: number,
  lost: (what: string) => void,
  atOnce = AT_ONCE,
): Promise<LoadClient[]> {
  const buffer = Buffer.alloc(65_536);
  const clients: LoadClient[] = [];
  const join = async (): Promise<void> => {
    while (clients.length < count) {
      const marker = new MarkerCount();
      const joining = joinOne(plan, port, buffer, marker, lost);
      clients.push({
        counted: () => marker.count,
        close: joining.close,
        stall: joining.stall,
        resume: joining.resume,
      });
      await joining.joined;
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, join));
  return clients;
}

function joinOne(
  plan: LoadPlan,
  port: number,
  buffer: Buffer,
  marker: MarkerCount,
  lost: (what: string) => void,
): {
  readonly joined: Promise<void>;
  readonly close: () => void;
  readonly stall: () => void;
  readonly resume: () => void;
} {
  let close = (): void => {};
  let stall = (): void => {};
  let resume = (): void => {};
  const joined = new Promise<void>((resolve, reject) => {
    let step = 0;
    let received = "";
    let searched = 0;
    let isJoined = false;
    let closed = false;
    const fail = (reason: string): void => {
      const place = isJoined
        ? "a load client"
        : `a load client at step ${step + 1} (${JSON.stringify(received.slice(-200))})`;
      if (closed) return;
      if (isJoined) lost(`${place}: ${reason}`);
      else reject(new Error(`${place}: ${reason}`));
    };
    const advance = (piece: Buffer): void => {
      received += piece.toString("latin1");
      for (
        let next = plan.steps[step];
        next && received.includes(next.until, searched);
        next = plan.steps[step]
      ) {
        searched = received.indexOf(next.until, searched) + next.until.length;
        step += 1;
        next.act?.({ port, fail, write: (bytes) => socket.write(bytes) }, received);
      }
      if (step < plan.steps.length) return;
      isJoined = true;
      clearTimeout(timer);
      resolve();
    };
    const callback = (length: number): boolean => {
      const piece = buffer.subarray(0, length);
      if (isJoined) marker.add(piece);
      else advance(piece);
      return true;
    };
    const socket: Socket = connect({ port, host: "127.0.0.1", noDelay: true, onread: { buffer, callback } });
    const timer = setTimeout(() => {
      fail("did not join in time");
      socket.destroy();
    }, JOIN_TIMEOUT);
    socket.on("connect", () => socket.write(plan.request));
    socket.on("error", (error) => fail(error.message));
    socket.on("close", () => fail("the connection was lost"));
    stall = () => void socket.pause();
    resume = () => void socket.resume();
    close = () => {
      closed = true;
      clearTimeout(timer);
      socket.destroy();
    };
  });
  return { joined, close: () => close(), stall: () => stall(), resume: () => resume() };
}
