/** State of a topic: loaded by its `load` command once the subscription stands, kept up by its notifications, loaded anew after a gap. */
import type { DataOf, EventsOf, TopicsOf } from "@bellwire/core";
import type { NotificationChannel } from "@bellwire/core/client";
import { useSubscription } from "@bellwire/react";
import { createContext, useCallback, useContext, useEffect, useRef, useState } from "react";
import type { z } from "zod";
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

/** How each event changes the state. It may be applied to a state that has it already: what is there is replaced, not added. */
export type Steps<T extends TopicsOf<Topics>, S> = {
  readonly [E in EventsOf<Topics, T>]?: (state: S, data: DataOf<Topics, T, E>) => S;
};

/** The state, undefined until it is loaded, and a function that changes it ahead of the server. */
export function useLoaded<T extends TopicsOf<Topics>, S>(
  topic: T | null,
  schema: z.ZodType<S>,
  steps: Steps<T, S>,
): S | undefined {
  const { channel } = useConnection();
  const [state, setState] = useState<{ readonly topic: T; readonly value: S } | undefined>();
  const latest = useRef(steps);
  useEffect(() => {
    latest.current = steps;
  });
  /** While a load is under way: what came since it was asked for, which its answer may know or not. */
  const since = useRef<{ readonly event: string; readonly data: unknown }[] | undefined>(undefined);

  const apply = useCallback(
    (value: S, { event, data }: { readonly event: string; readonly data: unknown }): S => {
      // The type of `steps` says that an event's step takes its data.
      const step = (latest.current as Record<string, (state: S, data: unknown) => S>)[event];
      return step ? step(value, data) : value;
    },
    [],
  );

  const load = useCallback(async (): Promise<void> => {
    if (topic === null) return;
    const mine: { readonly event: string; readonly data: unknown }[] = [];
    since.current = mine;
    // Every topic of the contract has a `load`; that those of this hook take nothing, the compiler cannot know.
    const plain = channel as unknown as NotificationChannel<Record<string, Topics["private-sessions"]>>;
    const { data } = await plain.publish(topic, "load", {});
    if (since.current !== mine) return;
    since.current = undefined;
    setState({ topic, value: mine.reduce(apply, schema.parse(data)) });
  }, [channel, topic, schema, apply]);

  const { ready } = useSubscription(topic, {
    onAny(notification) {
      since.current?.push(notification);
      setState((before) => before && { ...before, value: apply(before.value, notification) });
    },
    onGap: () => void load().catch(() => {}),
  });
  useEffect(() => {
    if (ready) load().catch(() => {});
  }, [ready, load]);
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
