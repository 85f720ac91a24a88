/** The child's side of a process: answers what the parent asks, and leaves when the parent does, however that ends. */

/** What a child can be asked: functions by name, whose arguments and results can be cloned. */
export type Handlers = Readonly<Record<string, (...args: never[]) => unknown>>;

/** A question on its way to a child. */
export interface Ask {
  readonly ref: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** The answer to the {@link Ask} with the same `ref`. */
export type Answer =
  | { readonly ref: number; readonly ok: true; readonly value: unknown }
  | { readonly ref: number; readonly ok: false; readonly message: string };

/** Makes this process a child that answers with these handlers. Questions may be under way at the same time. */
export function answerParent(handlers: Handlers): void {
  process.on("message", (ask: Ask) => {
    answer(handlers, ask).then(
      (value) => reply({ ref: ask.ref, ok: true, value }),
      (error: unknown) => reply({ ref: ask.ref, ok: false, message: describe(error) }),
    );
  });
  // The parent ends its children itself; a Ctrl-C reaches the whole group, and must not cut an answer short.
  process.on("SIGINT", () => {});
  process.on("disconnect", () => process.exit(0));
}

async function answer(handlers: Handlers, ask: Ask): Promise<unknown> {
  const handler = handlers[ask.name] as ((...args: readonly unknown[]) => unknown) | undefined;
  if (!handler) throw new Error(`nobody answers ${ask.name}`);
  return await handler(...ask.args);
}

function reply(answer: Answer): void {
  if (process.connected) process.send?.(answer);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
