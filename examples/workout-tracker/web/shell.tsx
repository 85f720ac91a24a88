/**
 * The frame of the page: navigation, what is announced, how the connection stands, the view, and
 * the panel.
 */
import { useChannelState } from "@bellwire/react";
import { Toaster } from "@bellwire/toaster/react";
import { type ReactElement, useEffect, useState } from "react";
import { Announcements } from "./announcements.tsx";
import { ChallengeView } from "./challenge.tsx";
import { CoachingView } from "./coaching.tsx";
import { CoachingNotices } from "./coaching-notices.tsx";
import { LiveView } from "./live.tsx";
import { MeContext, useMeLoaded } from "./me.ts";
import { Panel } from "./panel.tsx";
import { PartnersView } from "./partners.tsx";
import { PlanView } from "./plan.tsx";
import { TodayView } from "./today.tsx";
import { useConnection } from "./use-loaded.ts";
import { STATES } from "./words.ts";

const VIEWS = {
  today: { label: "Today", show: () => <TodayView /> },
  live: { label: "Live", show: () => <LiveView /> },
  challenge: { label: "Challenge", show: () => <ChallengeView /> },
  coaching: { label: "Coaching", show: () => <CoachingView /> },
  partners: { label: "Partners", show: () => <PartnersView /> },
  plan: { label: "Plan", show: () => <PlanView /> },
} as const;
type View = keyof typeof VIEWS;

function viewOf(hash: string): View {
  const name = hash.slice(1);
  return name in VIEWS ? (name as View) : "today";
}

function useView(): View {
  const [view, setView] = useState(() => viewOf(location.hash));
  useEffect(() => {
    const change = (): void => setView(viewOf(location.hash));
    addEventListener("hashchange", change);
    return () => removeEventListener("hashchange", change);
  }, []);
  return view;
}

export function Shell({ signOut }: { readonly signOut: () => Promise<void> }): ReactElement {
  const view = useView();
  const { user, bell } = useConnection();
  const me = useMeLoaded();
  return (
    <MeContext value={me}>
      <header className="top">
        <p className="brand">Tracker</p>
        <nav aria-label="Views">
          {Object.entries(VIEWS).map(([name, { label }]) => (
            <a key={name} href={`#${name}`} aria-current={name === view ? "page" : undefined}>
              {label}
            </a>
          ))}
        </nav>
        <div className="who">
          <Toaster reads={bell.reads} onChange={({ notices }) => bell.changed(notices)} />
          <span>{user.name}</span>
          <button type="button" className="quiet" onClick={() => void signOut()}>
            Sign out
          </button>
        </div>
      </header>
      <State />
      <Announcements />
      <CoachingNotices visible={view === "coaching"} />
      <div className="columns">
        <main>{me ? VIEWS[view].show() : <p className="empty">Loading …</p>}</main>
        <Panel />
      </div>
    </MeContext>
  );
}

/** Says what happened when the connection is not what it should be. */
function State(): ReactElement {
  const state = useChannelState();
  const [notice, setNotice] = useState<string | undefined>();
  // An attempt that is under way is no news: what was said of the loss stays until it has worked.
  const next = state === "connected" ? undefined : (STATES[state].notice ?? notice);
  if (next !== notice) setNotice(next);
  return (
    <p className="state" role="status" data-state={state}>
      {notice}
    </p>
  );
}
