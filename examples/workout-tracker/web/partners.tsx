/** Partners nearby: who looks for one, how far away they are, and pairing with one of them. */
import { usePresence, usePublish } from "@bellwire/react";
import { type ReactElement, useEffect, useRef, useState } from "react";
import { kind as kinds, type Pairing } from "../things.ts";
import { useMe } from "./me.ts";
import { put, useConnection, useLoaded } from "./use-loaded.ts";
import { ago, kilometres, wordsFor } from "./words.ts";

/** Kilometres that count as near. */
const NEAR = 25;

export function PartnersView(): ReactElement {
  const { user, channel } = useConnection();
  const { alerts } = useMe();
  const { members } = usePresence("presence-matching");
  // A pairing arrives as an alert; the list of partners is loaded anew then.
  const [round, setRound] = useState(0);
  const newest = alerts.find(({ kind }) => kind === "paired")?.id;
  const state = useLoaded(
    "presence-matching",
    (topic) => channel.publish(topic, "load", {}),
    (before, { event, data }) => ({
      ...before,
      seekers:
        event === "available"
          ? put(before.seekers, data, ({ userId }) => userId, "back")
          : before.seekers.filter(({ userId }) => userId !== data.userId),
    }),
  );
  const pairings = usePairings(round, newest);
  const mine = state?.seekers.find(({ userId }) => userId === user.id);
  const seek = usePublish("presence-matching", "seek");
  const stop = usePublish("presence-matching", "stop");
  const pair = usePublish("presence-matching", "pair");
  const [answer, setAnswer] = useState("");

  // A member who lost the connection for a while is no longer listed as looking, but still looks.
  const looking = useRef(mine?.kind);
  useEffect(() => {
    looking.current = mine?.kind;
  }, [mine]);
  useEffect(
    () =>
      channel.onState((now) => {
        if (now === "connected" && looking.current)
          channel.publish("presence-matching", "seek", { kind: looking.current }).catch(() => {});
      }),
    [channel],
  );

  const others = (state?.seekers ?? [])
    .filter(({ userId }) => userId !== user.id)
    .map((seeker) => ({ ...seeker, away: state ? kilometres(state.here, seeker) : 0 }))
    .filter(({ away }) => away <= NEAR)
    .sort((a, b) => a.away - b.away);

  const choose = (userId: string, name: string): void => {
    setAnswer("");
    pair.publish({ userId }).then(
      ({ data }) => {
        setAnswer(data.paired ? `You are paired with ${name}.` : `${name} is no longer available.`);
        setRound((before) => before + 1);
      },
      () => {},
    );
  };
  const error = seek.error ?? stop.error ?? pair.error;

  return (
    <>
      <h1>Partners nearby</h1>
      <section className="card" aria-labelledby="look">
        <h2 id="look">{mine ? `Looking for a partner: ${mine.kind}` : "Look for a partner"}</h2>
        <div className="row kinds">
          {mine ? (
            <button type="button" onClick={() => void stop.publish({}).catch(() => {})}>
              Stop looking
            </button>
          ) : (
            kinds.options.map((kind) => (
              <button
                key={kind}
                type="button"
                disabled={seek.pending}
                onClick={() => void seek.publish({ kind }).catch(() => {})}
              >
                {kind}
              </button>
            ))
          )}
        </div>
        <p role="status" className="hint">
          {answer}
        </p>
        {error !== undefined && <p className="wrong">{wordsFor(error)}</p>}
      </section>
      <section className="card" aria-labelledby="near">
        <h2 id="near">Available</h2>
        <p className="hint">{members.length} here now</p>
        {others.length === 0 && <p className="empty">Nobody nearby is looking for a partner.</p>}
        <ul className="list">
          {others.map(({ userId, name, kind, away }) => (
            <li key={userId}>
              <span className="title">{name}</span>
              <span className="detail">
                {kind} · {away.toFixed(1)} km away
              </span>
              <span className="value">
                <button
                  type="button"
                  disabled={!mine || pair.pending}
                  aria-label={`Pair with ${name}`}
                  onClick={() => choose(userId, name)}
                >
                  Pair
                </button>
              </span>
            </li>
          ))}
        </ul>
        {!mine && others.length > 0 && <p className="hint">Pick an activity above, then pair.</p>}
      </section>
      <section className="card" aria-labelledby="paired">
        <h2 id="paired">Your partners</h2>
        {pairings.length === 0 && <p className="empty">None yet.</p>}
        <ul className="list">
          {pairings.map(({ id, partnerName, kind, at }) => (
            <li key={id}>
              <span className="title">{partnerName}</span>
              <span className="detail">{kind}</span>
              <span className="value soft">{ago(at)}</span>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

function usePairings(...reasons: readonly unknown[]): readonly Pairing[] {
  const { channel } = useConnection();
  const [pairings, setPairings] = useState<readonly Pairing[]>([]);
  const key = JSON.stringify(reasons);
  useEffect(() => {
    let mounted = true;
    channel.publish("presence-matching", "load", {}).then(
      ({ data }) => mounted && setPairings(data.pairings),
      () => {},
    );
    return () => {
      mounted = false;
    };
  }, [channel, key]);
  return pairings;
}
