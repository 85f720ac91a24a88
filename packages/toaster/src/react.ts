"use client";
/** The toaster in React: a component that renders the bell, and a hook for all other components. */
import { createElement, type ReactElement } from "react";
import { type BellwireToaster, defineToaster } from "./element.ts";
import type { ReadStore } from "./reads.ts";
import type { ToasterLabels } from "./toast.ts";

export { type ReadStore, storedReads } from "./reads.ts";
export type { Notice, Toast, ToastAction, ToasterLabels, Tone } from "./toast.ts";

/** Props of {@link Toaster}; the element's documentation describes them. */
export interface ToasterProps {
  readonly className?: string;
  /** Whether to offer desktop notifications. Default: false. */
  readonly desktop?: boolean;
  /** The number of notices kept in the centre. Default: 100. */
  readonly limit?: number;
  /** Milliseconds that a toast stays. Default: 6,000. */
  readonly timeout?: number;
  readonly labels?: Partial<ToasterLabels>;
  /** The store that keeps the ids of read notices across pages. Default: none. */
  readonly reads?: ReadStore;
  /** Called when `notices` or `unread` have changed. */
  readonly onChange?: (toaster: BellwireToaster) => unknown;
}

/**
 * Renders the bell, its centre and the toasts. A page needs one. A server renders an empty element.
 */
export function Toaster({
  className,
  desktop,
  limit,
  timeout,
  labels,
  reads,
  onChange,
}: ToasterProps): ReactElement {
  defineToaster();
  return createElement("bellwire-toaster", {
    // `class` and texts mean the same to an unknown element in React 18 and 19.
    class: className,
    desktop: desktop ? "" : undefined,
    limit: limit === undefined ? undefined : String(limit),
    timeout: timeout === undefined ? undefined : String(timeout),
    ref: (toaster: BellwireToaster | null) => {
      if (!toaster) return;
      toaster.reads = reads;
      toaster.labels = labels;
      toaster.onchange = onChange ? () => onChange(toaster) : null;
    },
  });
}

const CALLS = [
  "show",
  "connect",
  "read",
  "readAll",
  "dismiss",
  "clear",
  "open",
  "close",
  "askDesktop",
] as const;

/** The methods of the page's toaster, for effects and handlers of any component. */
export type ToasterHandle = Pick<BellwireToaster, (typeof CALLS)[number]>;

const HANDLE = Object.fromEntries(
  CALLS.map((name) => [
    name,
    (...given: readonly unknown[]) => Reflect.apply(onPage()[name], onPage(), given),
  ]),
) as unknown as ToasterHandle;

/**
 * Returns the page's toaster, wherever it is rendered; the same object in every render. Its methods
 * throw while no toaster is on the page.
 *
 * @example const toaster = useToaster(); useSubscription("workouts.42", { on: { completed: ({ id,
 *   data }) => toaster.show({ id, title: `${data.calories} kcal` }) } });
 */
export function useToaster(): ToasterHandle {
  return HANDLE;
}

/** The page is the registry: a second copy of this module finds the same element. */
function onPage(): HTMLElementTagNameMap["bellwire-toaster"] {
  const toaster = document.querySelector("bellwire-toaster");
  if (!toaster) throw new Error("no <Toaster> is on the page");
  return toaster;
}
