/**
 * A challenge: the leaderboard as it moves, what was submitted, one's own part, and what one has
 * unlocked.
 */
import { usePublish } from "@bellwire/react";
import { type FormEvent, type ReactElement, useState } from "react";
import type { Challenge } from "../things.ts";
import { useMe } from "./me.ts";
import { put, useConnection, useLoaded } from "./use-loaded.ts";
import { ago, distance, wordsFor } from "./words.ts";

export function ChallengeView(): ReactElement {
  const { challenges, achievements } = useMe();
  return (
    <>
      <h1>Challenge</h1>
      {challenges.length === 0 && <p className="empty">No challenge is running.</p>}
      {challenges.map((challenge) => (
        <Board key={challenge.id} challenge={challenge} />
      ))}
      <section className="card" aria-labelledby="unlocked">
        <h2 id="unlocked">Your achievements</h2>
        {achievements.length === 0 && <p className="empty">Submit an activity to unlock the first.</p>}
        <ul className="badges">
          {achievements.map(({ code, title }) => (
            <li key={code} className="badge">
              {title}
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

function Board({ challenge }: { readonly challenge: Challenge }): ReactElement {
  const { user, channel } = useConnection();
  const state = useLoaded(
    `private-challenge.${challenge.id}`,
    (topic) => channel.publish(topic, "load", {}),
    (before, { event, data }) =>
      event === "leaderboard"
        ? { ...before, places: data.places }
        : { ...before, activities: put(before.activities, data, ({ id }) => id).slice(0, 12) },
  );
  return (
    <>
      <section className="card" aria-labelledby={`board-${challenge.id}`}>
        <h2 id={`board-${challenge.id}`}>{challenge.title}</h2>
        {state?.places.length === 0 && <p className="empty">Nobody has submitted anything yet.</p>}
        <ol className="places" aria-label="Leaderboard">
          {(state?.places ?? []).map(({ userId, name, metres }, index) => (
            <li key={userId} data-mine={userId === user.id}>
              <span className="rank">{index + 1}</span>
              <span className="title">{userId === user.id ? "You" : name}</span>
              <meter min={0} max={challenge.targetMetres} value={metres} aria-label={`${name}'s distance`} />
              <span className="value">{distance(metres)}</span>
            </li>
          ))}
        </ol>
        <Submit challenge={challenge} />
      </section>
      <section className="card" aria-labelledby={`feed-${challenge.id}`}>
        <h2 id={`feed-${challenge.id}`}>Just submitted</h2>
        {state?.activities.length === 0 && <p className="empty">Nothing yet.</p>}
        <ul className="list">
          {(state?.activities ?? []).slice(0, 6).map(({ id, name, metres, at }) => (
            <li key={id} className="fresh">
              <span className="title">{name}</span>
              <span className="detail">{ago(at)}</span>
              <span className="value">+{distance(metres)}</span>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

function Submit({ challenge }: { readonly challenge: Challenge }): ReactElement {
  const { publish, pending, error } = usePublish(`private-challenge.${challenge.id}`, "submit");
  const [answer, setAnswer] = useState("");
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const metres = Number(new FormData(event.currentTarget).get("metres"));
    setAnswer("");
    publish({ metres }).then(
      ({ data }) => setAnswer(`Recorded. You have ${distance(data.metres)} and are number ${data.rank}.`),
      () => {},
    );
  };
  return (
    <form className="row" onSubmit={submit}>
      <label>
        Metres
        <input name="metres" type="number" min={1} max={300_000} defaultValue={1_500} required />
      </label>
      <button type="submit" className="primary" disabled={pending}>
        {pending ? "Sending …" : "Submit"}
      </button>
      <p role="status" className="hint">
        {answer}
      </p>
      {error !== undefined && <p className="wrong">{wordsFor(error)}</p>}
    </form>
  );
}
