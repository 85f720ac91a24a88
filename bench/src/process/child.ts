/** The parent's side of a child process: starts it with this process's own loader, asks it things, and ends it. */
import { type ChildProcess, fork } from "node:child_process";
import type { Answer, Ask, Handlers } from "./conversation.ts";

/** A running child. `ask` rejects when the handler threw or the child died. */
export interface Child<H extends Handlers> {
  ask<K extends keyof H & string>(name: K, ...args: Parameters<H[K]>): Promise<Awaited<ReturnType<H[K]>>>;
  /** Ends the child and resolves when it is gone. Calling it again does nothing. */
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();

/** Milliseconds a child gets to leave by itself before it is killed. */
const GRACE = 2_000;

/** Starts a file of ours in a process of its own. */
export function startChild<H extends Handlers>(file: URL): Child<H> {
  // The loader that runs this process from source, and its conditions, are in execArgv.
  const child = fork(file, { execArgv: process.execArgv, serialization: "advanced" });
  running.add(child);
  const waiting = new Map<
    number,
    { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }
  >();
  let last = 0;
  const gone = new Promise<void>((resolve) => {
    child.once("exit", (code, signal) => {
      running.delete(child);
      const error = new Error(`${file.pathname.split("/").slice(-2).join("/")} ended (${signal ?? code})`);
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
      resolve();
    });
  });
  child.on("message", (answer: Answer) => {
    const asked = waiting.get(answer.ref);
    waiting.delete(answer.ref);
    if (answer.ok) asked?.resolve(answer.value);
    else asked?.reject(new Error(answer.message));
  });
  return {
    ask(name, ...args) {
      return new Promise((resolve, reject) => {
        if (!child.connected) return reject(new Error(`${name}: the process has ended`));
        last += 1;
        waiting.set(last, { resolve: resolve as (value: unknown) => void, reject });
        const ask: Ask = { ref: last, name, args };
        child.send(ask, (error) => error && reject(error));
      });
    },
    async stop() {
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill("SIGKILL"), GRACE);
      await gone;
      clearTimeout(timer);
    },
  };
}

/** Kills what still runs, at once: for the way out after an error or Ctrl-C. */
export function killChildren(): void {
  for (const child of running) child.kill("SIGKILL");
}
