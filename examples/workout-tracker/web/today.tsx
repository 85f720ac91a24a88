/**
 * The user's own day: the week's goal, a workout under way, what was done, what was unlocked; and
 * what others do just now.
 */
import { usePublish } from "@bellwire/react";
import { type FormEvent, type ReactElement, useEffect, useState } from "react";
import { type Kind, kind as kinds, type Workout } from "../things.ts";
import { useMe } from "./me.ts";
import { put, useConnection, useLoaded } from "./use-loaded.ts";
import { ago, distance, wordsFor } from "./words.ts";

export function TodayView(): ReactElement {
  const me = useMe();
  const open = me.workouts.find(({ endedAt }) => endedAt === null);
  return (
    <>
      <h1>Today</h1>
      <Week />
      {open ? <Running workout={open} /> : <Begin />}
      <section className="card" aria-labelledby="log">
        <h2 id="log">Workouts</h2>
        {me.workouts.length === 0 && <p className="empty">Nothing yet. Start one above.</p>}
        <ul className="list">
          {me.workouts
            .filter(({ endedAt }) => endedAt !== null)
            .slice(0, 8)
            .map((workout) => (
              <li key={workout.id}>
                <span className="title">{workout.kind}</span>
                <span className="detail">
                  {ago(workout.startedAt)}
                  {workout.metres > 0 && ` · ${distance(workout.metres)}`}
                </span>
                <span className="value">{workout.calories} kcal</span>
              </li>
            ))}
        </ul>
      </section>
      <Happening />
      <section className="card" aria-labelledby="alerts">
        <h2 id="alerts">Notifications</h2>
        {me.alerts.length === 0 && <p className="empty">None so far.</p>}
        <ul className="list">
          {me.alerts.slice(0, 6).map(({ id, title, text, at }) => (
            <li key={id}>
              <span className="title">{title}</span>
              <span className="detail">{text}</span>
              <span className="value soft">{ago(at)}</span>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

function Week(): ReactElement {
  const { user } = useConnection();
  const { progress } = useMe();
  const { publish, pending, error } = usePublish(`private-user.${user.id}`, "setGoal");
  const [target, setTarget] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    publish({ target: Number(target) }).then(
      () => setTarget(""),
      () => {},
    );
  };
  const reached = progress.calories >= progress.target;
  return (
    <section className="card" aria-labelledby="week">
      <h2 id="week">This week</h2>
      <p className="big">
        <strong data-testid="week-calories">{progress.calories.toLocaleString("en")}</strong> of{" "}
        {progress.target.toLocaleString("en")} kcal
        {reached && <span className="badge">Goal achieved</span>}
      </p>
      <progress
        max={progress.target}
        value={Math.min(progress.calories, progress.target)}
        aria-label="This week's goal"
      />
      <form className="row" onSubmit={submit}>
        <label>
          New goal, kcal
          <input
            type="number"
            min={50}
            max={100_000}
            required
            value={target}
            placeholder={`${progress.target}`}
            onChange={(event) => setTarget(event.target.value)}
          />
        </label>
        <button type="submit" disabled={pending}>
          Set
        </button>
        {error !== undefined && <p className="wrong">{wordsFor(error)}</p>}
      </form>
    </section>
  );
}

function Begin(): ReactElement {
  const { user } = useConnection();
  const { publish, pending, error } = usePublish(`private-user.${user.id}`, "startWorkout");
  return (
    <section className="card" aria-labelledby="begin">
      <h2 id="begin">Start a workout</h2>
      <div className="row kinds">
        {kinds.options.map((kind: Kind) => (
          <button
            key={kind}
            type="button"
            disabled={pending}
            onClick={() => void publish({ kind }).catch(() => {})}
          >
            {kind}
          </button>
        ))}
      </div>
      {error !== undefined && <p className="wrong">{wordsFor(error)}</p>}
    </section>
  );
}

function Running({ workout }: { readonly workout: Workout }): ReactElement {
  const { user } = useConnection();
  const { publish, pending, error } = usePublish(`private-user.${user.id}`, "completeWorkout");
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const data = {
      id: workout.id,
      metres: Number(form.get("metres")),
      calories: Number(form.get("calories")),
    };
    publish(data).catch(() => {});
  };
  const seconds = Math.max(0, Math.round((now - workout.startedAt) / 1_000));
  return (
    <section className="card accent" aria-labelledby="running">
      <h2 id="running">
        {workout.kind}, going on for {Math.floor(seconds / 60)}:{`${seconds % 60}`.padStart(2, "0")}
      </h2>
      <form className="row" onSubmit={submit}>
        <label>
          Metres
          <input name="metres" type="number" min={0} max={300_000} defaultValue={5_000} required />
        </label>
        <label>
          Calories
          <input name="calories" type="number" min={1} max={20_000} defaultValue={350} required />
        </label>
        <button type="submit" className="primary" disabled={pending}>
          {pending ? "Sending …" : "Complete"}
        </button>
        {error !== undefined && <p className="wrong">{wordsFor(error)}</p>}
      </form>
    </section>
  );
}

function Happening(): ReactElement | null {
  const [challenge] = useMe().challenges;
  const { channel } = useConnection();
  const state = useLoaded(
    challenge ? `private-challenge.${challenge.id}` : null,
    (topic) => channel.publish(topic, "load", {}),
    (before, { event, data }) =>
      event === "submitted"
        ? { ...before, activities: put(before.activities, data, ({ id }) => id).slice(0, 12) }
        : before,
  );
  if (!challenge) return null;
  return (
    <section className="card" aria-labelledby="happening">
      <h2 id="happening">Happening now</h2>
      {state?.activities.length === 0 && <p className="empty">No activity yet.</p>}
      <ul className="list">
        {(state?.activities ?? []).slice(0, 5).map(({ id, name, metres, at }) => (
          <li key={id} className="fresh">
            <span className="title">{name}</span>
            <span className="detail">
              {challenge.title} · {ago(at)}
            </span>
            <span className="value">+{distance(metres)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
