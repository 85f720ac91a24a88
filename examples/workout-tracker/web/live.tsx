/** Live workouts: which are open, who takes part, and how far everybody is. */
import { usePresence, usePublish, useSubscription } from "@bellwire/react";
import { type FormEvent, type ReactElement, useCallback, useState } from "react";
import { kind as kinds, type Session } from "../things.ts";
import { put, useConnection, useLoaded } from "./use-loaded.ts";
import { useMovement } from "./use-movement.ts";
import { distance, wordsFor } from "./words.ts";

export function LiveView(): ReactElement {
  const { user, channel } = useConnection();
  const state = useLoaded(
    "private-sessions",
    (topic) => channel.publish(topic, "load", {}),
    ({ sessions }, { event, data }) => ({
      sessions:
        event === "opened"
          ? put(sessions, data, ({ id }) => id)
          : sessions.filter((session) => session.id !== data.id),
    }),
  );
  const [picked, pick] = useState<string | undefined>();
  const sessions = state?.sessions ?? [];
  const joined = sessions.find(({ id }) => id === picked);
  const ended = picked !== undefined && state !== undefined && !joined;
  return (
    <>
      <h1>Live workouts</h1>
      {ended && <p className="hint">That workout was closed.</p>}
      {joined && <Joined key={joined.id} session={joined} leave={() => pick(undefined)} />}
      <section className="card" aria-labelledby="open">
        <h2 id="open">Open now</h2>
        {sessions.length === 0 && <p className="empty">No live workout is open. Open one.</p>}
        <ul className="list">
          {sessions.map((session) => (
            <li key={session.id}>
              <span className="title">{session.title}</span>
              <span className="detail">
                {session.kind} · by {session.hostName}
              </span>
              <span className="value">
                {session.id === picked ? (
                  "joined"
                ) : (
                  <button type="button" aria-label={`Join ${session.title}`} onClick={() => pick(session.id)}>
                    Join
                  </button>
                )}
              </span>
            </li>
          ))}
        </ul>
      </section>
      <Open opened={pick} name={user.name} />
    </>
  );
}

function Joined({ session, leave }: { readonly session: Session; readonly leave: () => void }): ReactElement {
  const { user, channel } = useConnection();
  const topic = `presence-session.${session.id}` as const;
  const { members, error } = usePresence(topic);
  const state = useLoaded(
    topic,
    (own) => channel.publish(own, "load", {}),
    ({ standings }, { data }) => ({ standings: put(standings, data, ({ userId }) => userId, "back") }),
  );
  const move = useCallback(
    (metres: number) => {
      const pulse = 120 + Math.round(Math.random() * 30);
      // Volatile: what cannot be sent now is not worth sending later.
      channel.publish(topic, "move", { metres, pulse }).catch(() => {});
    },
    [channel, topic],
  );
  const { metres, moving, setMoving } = useMovement(move);
  const present = new Set(members.map(({ id }) => id));
  const standings = (state?.standings ?? [])
    .filter(({ userId }) => present.has(userId))
    .sort((a, b) => b.metres - a.metres);
  const most = Math.max(1, ...standings.map((one) => one.metres));
  const close = usePublish("private-sessions", "close");
  return (
    <section className="card accent" aria-labelledby="joined">
      <h2 id="joined">{session.title}</h2>
      <p className="hint" data-testid="participants">
        {members.length === 1 ? "Only you so far" : `${members.length} take part`}
        {error && ". You are not in it any more."}
      </p>
      <ul className="bars" aria-label="Progress">
        {standings.map((one) => (
          <li key={one.userId} data-mine={one.userId === user.id}>
            <span className="title">{one.userId === user.id ? "You" : one.name}</span>
            <meter min={0} max={most} value={one.metres} aria-label={`${one.name}'s distance`} />
            <span className="value">
              {distance(one.metres)} <small>{one.pulse} bpm</small>
            </span>
          </li>
        ))}
      </ul>
      <div className="row">
        <button type="button" className="primary" aria-pressed={moving} onClick={() => setMoving(!moving)}>
          {moving ? `Pause at ${distance(metres)}` : "Move"}
        </button>
        <button type="button" onClick={leave}>
          Leave
        </button>
        {session.host === user.id && (
          <button type="button" onClick={() => void close.publish({ id: session.id }).catch(() => {})}>
            Close for all
          </button>
        )}
      </div>
    </section>
  );
}

function Open({
  opened,
  name,
}: {
  readonly opened: (id: string) => void;
  readonly name: string;
}): ReactElement {
  const { publish, pending, error } = usePublish("private-sessions", "open");
  useSubscription("private-sessions");
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const picked = kinds.catch("run").parse(form.get("kind"));
    const given = form.get("title");
    const title = typeof given === "string" && given.trim() !== "" ? given : `${name}'s ${picked}`;
    publish({ title, kind: picked }).then(
      ({ data }) => opened(data.id),
      () => {},
    );
  };
  return (
    <section className="card" aria-labelledby="new">
      <h2 id="new">Open one</h2>
      <form className="row" onSubmit={submit}>
        <label className="grow">
          Title
          <input name="title" maxLength={80} placeholder={`${name}'s run`} />
        </label>
        <label>
          Kind
          <select name="kind">
            {kinds.options.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <button type="submit" disabled={pending}>
          Open
        </button>
        {error !== undefined && <p className="wrong">{wordsFor(error)}</p>}
      </form>
    </section>
  );
}
