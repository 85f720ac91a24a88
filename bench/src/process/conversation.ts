/**
 * The child's side of a process: it becomes a half of one scenario after another, answers what the
 * parent asks of it, and leaves when the parent does, however that ends.
 */

/**
 * The functions of one half by name, whose arguments and results can be cloned. `close`, where
 * there is one, is called before the process becomes another half, and MUST release every socket.
 */
export type Handlers = Readonly<Record<string, (...args: never[]) => unknown>>;

/** The export of a half's module: `createHalf`, with nothing left from an earlier one. */
export interface HalfModule {
  readonly createHalf: () => Handlers;
}

/**
 * A question on its way to a child. `name` is a handler's, or {@link BECOME} with the address of a
 * module.
 */
export interface Ask {
  readonly ref: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** The answer to the {@link Ask} with the same `ref`. */
export type Answer =
  | { readonly ref: number; readonly ok: true; readonly value: unknown }
  | { readonly ref: number; readonly ok: false; readonly message: string };

/** Makes the child another half. */
export const BECOME = "become";

/** Makes this process a child. Questions may be under way at the same time. */
export function answerParent(): void {
  let half: Handlers = {};
  const answer = async ({ name, args }: Ask): Promise<unknown> => {
    if (name === BECOME) {
      await half["close"]?.();
      half = ((await import(args[0] as string)) as HalfModule).createHalf();
      return undefined;
    }
    const handler = half[name] as ((...args: readonly unknown[]) => unknown) | undefined;
    if (!handler) throw new Error(`nobody answers ${name}`);
    return await handler(...args);
  };
  process.on("message", (ask: Ask) => {
    answer(ask).then(
      (value) => reply({ ref: ask.ref, ok: true, value }),
      (error: unknown) => reply({ ref: ask.ref, ok: false, message: describe(error) }),
    );
  });
  // The parent ends its children itself; a Ctrl-C reaches the whole group, and must not cut an
  // answer short.
  process.on("SIGINT", () => {});
  process.on("disconnect", () => process.exit(0));
}

function reply(answer: Answer): void {
  if (process.connected) process.send?.(answer);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
