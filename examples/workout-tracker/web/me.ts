/** The user's own things, loaded once for the page, and the notices that come of them. */
import { useToaster } from "@bellwire/toaster/react";
import { createContext, useContext, useEffect } from "react";
import type { z } from "zod";
import type { loaded } from "../answers.ts";
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
          return { ...state, alerts: put(state.alerts, data, ({ id }) => id).slice(0, 20) };
        case "achievementUnlocked":
          return { ...state, achievements: put(state.achievements, data, ({ code }) => code) };
      }
    },
  );
  useAlertNotices(user.id, me?.alerts);
  return me;
}

/**
 * Shows each alert once on this device, also one that was raised while it was away or the server
 * restarted: ids of alerts grow, and the device remembers the last. Alerts from before its first
 * use are old.
 */
function useAlertNotices(userId: string, alerts: Me["alerts"] | undefined): void {
  const toaster = useToaster();
  useEffect(() => {
    if (!alerts) return;
    const key = `tracker:alerts:${userId}`;
    const before = localStorage.getItem(key);
    const last = Number(before ?? 0);
    const newest = Math.max(last, ...alerts.map(({ id }) => id));
    if (before !== null)
      for (const { id, kind, title, text, at } of alerts.filter((alert) => alert.id > last).reverse())
        toaster.show({
          id: `alert-${id}`,
          title,
          body: text,
          time: at,
          tone: kind === "corrected" ? "warning" : "success",
        });
    localStorage.setItem(key, `${newest}`);
  }, [userId, alerts, toaster]);
}
