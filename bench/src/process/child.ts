/**
 * The parent's side of a child process: starts it as this process was started, asks it things, and
 * ends it.
 */
import { type ChildProcess, fork } from "node:child_process";
import { childFlags, childModule } from "./ahead.ts";
import { type Answer, type Ask, BECOME, type HalfModule } from "./conversation.ts";
import { ownModule } from "./own-module.ts";

/**
 * One half of a scenario in another process. `ask` rejects when the handler threw or the process
 * died.
 */
export interface Half<M extends HalfModule> {
  ask<K extends keyof HandlersOf<M> & string>(
    name: K,
    ...args: Parameters<HandlersOf<M>[K]>
  ): Promise<Awaited<ReturnType<HandlersOf<M>[K]>>>;
}

type HandlersOf<M extends HalfModule> = ReturnType<M["createHalf"]>;

/** A running child process. */
export interface Child {
  /**
   * Closes what the process was, and makes it the half that a module exports; its type is the
   * module's: `child.become<typeof serverHalf>(new URL("./server-half.ts", import.meta.url))` after
   * `import type * as serverHalf from "./server-half.ts"`.
   */
  become<M extends HalfModule>(module: URL): Promise<Half<M>>;
  /** Ends the child and resolves when it is gone. Calling it again does nothing. */
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();

/** Milliseconds a child gets to leave by itself before it is killed. */
const GRACE = 2_000;

/** Starts a process. `role` names it in errors: `server of Bellwire ws`. */
export function startChild(role: string): Child {
  const file = ownModule(new URL("./child-process.ts", import.meta.url));
  const child = fork(new URL(childModule(file.href)), {
    execArgv: childFlags(),
    serialization: "advanced",
  });
  running.add(child);
  const waiting = new Map<
    number,
    { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }
  >();
  let last = 0;
  const gone = new Promise<void>((resolve) => {
    child.once("exit", (code, signal) => {
      running.delete(child);
      const error = new Error(`the ${role} ended (${signal ?? code})`);
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
  const ask = (name: string, args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (!child.connected) return reject(new Error(`${name}: the ${role} has ended`));
      last += 1;
      waiting.set(last, { resolve, reject });
      const question: Ask = { ref: last, name, args };
      child.send(question, (error) => error && reject(error));
    });
  return {
    async become<M extends HalfModule>(module: URL) {
      await ask(BECOME, [childModule(ownModule(module).href)]);
      return { ask: (name: string, ...args: readonly unknown[]) => ask(name, args) } as Half<M>;
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
