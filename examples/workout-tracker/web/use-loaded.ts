/**
 * State of a topic: loaded by its `load` command once the subscription stands, kept up by its
 * notifications, loaded anew after a gap.
 */
import type { TopicsOf } from "@bellwire/core";
import type { NotificationOf, Receipt } from "@bellwire/core/client";
import { useSubscription } from "@bellwire/react";
import { createContext, useCallback, useContext, useEffect, useRef, useState } from "react";
import type { Topics } from "../contract.ts";
import type { Connection } from "./connection.ts";
import "./register.ts";

export const ConnectionContext: React.Context<Connection | undefined> = createContext<Connection | undefined>(
  undefined,
);

/** The connection of the signed-in user. */
export function useConnection(): Connection {
  const connection = useContext(ConnectionContext);
  if (!connection) throw new Error("nobody is signed in here");
  return connection;
}

/**
 * How a notification changes the state. It may be given a state that has it already: what is there
 * is replaced, not added.
 */
export type Step<T extends TopicsOf<Topics>, S> = (state: S, notification: NotificationOf<Topics, T>) => S;

/**
 * The state, undefined until `load` has brought it, which sends the topic's command of that name.
 */
export function useLoaded<T extends TopicsOf<Topics>, S>(
  topic: T | null,
  load: (topic: T) => Promise<Receipt<S>>,
  step: Step<T, S>,
): S | undefined {
  const [state, setState] = useState<{ readonly topic: T; readonly value: S } | undefined>();
  const latest = useRef({ load, step });
  useEffect(() => {
    latest.current = { load, step };
  });
  /**
   * While a load is under way: what came since it was asked for, which its answer may know or not.
   */
  const since = useRef<NotificationOf<Topics, T>[] | undefined>(undefined);

  const reload = useCallback(async (): Promise<void> => {
    if (topic === null) return;
    const mine: NotificationOf<Topics, T>[] = [];
    since.current = mine;
    const { data } = await latest.current.load(topic);
    if (since.current !== mine) return;
    since.current = undefined;
    setState({ topic, value: mine.reduce(latest.current.step, data) });
  }, [topic]);

  const { ready } = useSubscription(topic, {
    onAny(notification) {
      since.current?.push(notification);
      setState((before) => before && { ...before, value: latest.current.step(before.value, notification) });
    },
    onGap: () => void reload().catch(() => {}),
  });
  useEffect(() => {
    if (ready) reload().catch(() => {});
  }, [ready, reload]);
  return state?.topic === topic ? state?.value : undefined;
}

/** A list with an item put in front, or in the place of the one with its id. */
export function put<I>(
  list: readonly I[],
  item: I,
  idOf: (item: I) => unknown,
  where: "front" | "back" = "front",
): I[] {
  const at = list.findIndex((one) => idOf(one) === idOf(item));
  if (at >= 0) return list.with(at, item);
  return where === "front" ? [item, ...list] : [...list, item];
}
