/** The user's own things, loaded once for the page, and the notices that come of them. */
import { createContext, useContext, useMemo } from "react";
import type { z } from "zod";
import type { loaded } from "../answers.ts";
import type { BellNotice } from "./bell.ts";
import { useNotices } from "./notices.ts";
import { put, useConnection, useLoaded } from "./use-loaded.ts";

export type Me = z.infer<typeof loaded.user>;

export const MeContext: React.Context<Me | undefined> = createContext<Me | undefined>(undefined);

/** The user's things, where they are loaded. */
export function useMe(): Me {
  const me = useContext(MeContext);
  if (!me) throw new Error("a view needs what is loaded");
  return me;
}

/** Loads and keeps up the user's things. For the shell, which gives them to the views. */
export function useMeLoaded(): Me | undefined {
  const { user, channel } = useConnection();
  const me = useLoaded(
    `private-user.${user.id}`,
    (topic) => channel.publish(topic, "load", {}),
    (state, { event, data }) => {
      switch (event) {
        case "workoutChanged":
          return { ...state, workouts: put(state.workouts, data, ({ id }) => id) };
        case "progressChanged":
          return { ...state, progress: data };
        case "alertRaised":
          return { ...state, alerts: put(state.alerts, data, ({ id }) => id).slice(0, 100) };
        case "achievementUnlocked":
          return { ...state, achievements: put(state.achievements, data, ({ code }) => code) };
      }
    },
  );
  useNotices("alerts", useAlertNotices(me?.alerts));
  return me;
}

function useAlertNotices(alerts: Me["alerts"] | undefined): readonly BellNotice[] | undefined {
  return useMemo(
    () =>
      alerts?.toReversed().map(({ id, kind, title, text, at }) => ({
        id: `alert-${id}`,
        title,
        body: text,
        time: at,
        tone: kind === "corrected" ? "warning" : "success",
      })),
    [alerts],
  );
}
