/**
 * Trainer and client: a conversation, who is online and typing, and corrections that the trainer
 * sends.
 */
import { usePresence, usePublish, useSubscription } from "@bellwire/react";
import {
  type Dispatch,
  type FormEvent,
  type ReactElement,
  type SetStateAction,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import type { Coaching } from "../things.ts";
import { useConversation } from "./conversation.ts";
import { useMe } from "./me.ts";
import { useConnection } from "./use-loaded.ts";
import { clock, wordsFor } from "./words.ts";

/** Milliseconds for which somebody counts as typing, and between two times that it is said. */
const TYPING = 3_000;
const SAY_TYPING = 1_500;

export function CoachingView(): ReactElement {
  const { user } = useConnection();
  const { coachings } = useMe();
  const [picked, pick] = useState(coachings[0]?.id);
  const coaching = coachings.find(({ id }) => id === picked) ?? coachings[0];
  return (
    <>
      <h1>Coaching</h1>
      {!coaching && (
        <p className="empty">{user.role === "trainer" ? "You have no clients." : "You have no trainer."}</p>
      )}
      {coachings.length > 1 && (
        <div className="row" role="group" aria-label="Clients">
          {coachings.map((one) => (
            <button
              key={one.id}
              type="button"
              aria-pressed={one.id === coaching?.id}
              onClick={() => pick(one.id)}
            >
              {one.trainer === user.id ? one.clientName : one.trainerName}
            </button>
          ))}
        </div>
      )}
      {coaching && <Conversation key={coaching.id} coaching={coaching} />}
    </>
  );
}

function Conversation({ coaching }: { readonly coaching: Coaching }): ReactElement {
  const { user } = useConnection();
  const topic = `presence-coaching.${coaching.id}` as const;
  const isTrainer = coaching.trainer === user.id;
  const other = isTrainer
    ? { id: coaching.client, name: coaching.clientName }
    : { id: coaching.trainer, name: coaching.trainerName };
  const state = useConversation(coaching.id);
  const { members } = usePresence(topic);
  const [waiting, setWaiting] = useState<readonly Waiting[]>([]);
  const online = members.some(({ id }) => id === other.id);
  const typing = useTyping(topic);
  const end = useRef<HTMLDivElement>(null);
  const count = (state?.messages.length ?? 0) + waiting.length;
  useLayoutEffect(() => {
    const list = end.current;
    if (list && count > 0) list.scrollTop = list.scrollHeight;
  }, [count]);
  return (
    <>
      <section className="card" aria-labelledby="chat">
        <h2 id="chat">
          {other.name}{" "}
          <small className="presence" data-online={online}>
            {online ? "online" : "away"}
          </small>
        </h2>
        <div
          className="chat"
          ref={end}
          tabIndex={0}
          role="log"
          aria-label={`Conversation with ${other.name}`}
        >
          {count === 0 && <p className="empty">No messages yet.</p>}
          {state?.messages.map(({ id, from, text, at }) => (
            <p key={id} data-mine={from === user.id}>
              <span>{text}</span> <time>{clock(at)}</time>
            </p>
          ))}
          {waiting.map(({ key, text }) => (
            <p key={key} data-mine data-waiting>
              <span>{text}</span> <small>Sending …</small>
            </p>
          ))}
        </div>
        <p className="hint typing" role="status">
          {typing === undefined ? "" : `${typing} is typing …`}
        </p>
        <Say topic={topic} changeWaiting={setWaiting} />
      </section>
      <section className="card" aria-labelledby="corrections">
        <h2 id="corrections">Form corrections</h2>
        {isTrainer && <Correct topic={topic} />}
        {state?.corrections.length === 0 && <p className="empty">None so far.</p>}
        <ul className="list">
          {state?.corrections.slice(0, 8).map(({ id, exercise, text, at }) => (
            <li key={id}>
              <span className="title">{exercise}</span>
              <span className="detail">{text}</span>
              <span className="value soft">{clock(at)}</span>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

/** The person who is typing; undefined for nobody. */
function useTyping(topic: `presence-coaching.${string}`): string | undefined {
  const [who, setWho] = useState<string | undefined>();
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const stop = (): void => {
    clearTimeout(timer.current);
    setWho(undefined);
  };
  useSubscription(topic, {
    on: {
      typing({ data }) {
        clearTimeout(timer.current);
        setWho(data.name);
        timer.current = setTimeout(stop, TYPING);
      },
      said: stop,
    },
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return who;
}

/** A message on its way. */
interface Waiting {
  readonly key: number;
  readonly text: string;
}

interface SayProps {
  readonly topic: `presence-coaching.${string}`;
  readonly changeWaiting: Dispatch<SetStateAction<readonly Waiting[]>>;
}

function Say({ topic, changeWaiting }: SayProps): ReactElement {
  const { channel } = useConnection();
  const { publish, error } = usePublish(topic, "say");
  const [text, setText] = useState("");
  const said = useRef(0);
  const change = (next: string): void => {
    setText(next);
    const now = Date.now();
    if (now - said.current < SAY_TYPING || next === "" || channel.state !== "connected") return;
    said.current = now;
    channel.publish(topic, "type", {}).catch(() => {});
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (text.trim() === "") return;
    const given = { key: Date.now(), text };
    setText("");
    changeWaiting((before) => [...before, given]);
    publish({ text })
      // A message that was refused returns to the field, unless something else has been written
      // meanwhile.
      .catch(() => setText((now) => (now === "" ? text : now)))
      .finally(() => changeWaiting((before) => before.filter((one) => one !== given)));
  };
  return (
    <form className="row" onSubmit={submit}>
      <label className="grow">
        Message
        <input
          value={text}
          maxLength={2_000}
          autoComplete="off"
          onChange={(event) => change(event.target.value)}
        />
      </label>
      <button type="submit" className="primary">
        Send
      </button>
      {error !== undefined && <p className="wrong">{wordsFor(error)}</p>}
    </form>
  );
}

function Correct({ topic }: { readonly topic: `presence-coaching.${string}` }): ReactElement {
  const { publish, pending, error } = usePublish(topic, "correct");
  const [exercise, setExercise] = useState("");
  const [text, setText] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    publish({ exercise, text }).then(
      () => setText(""),
      () => {},
    );
  };
  return (
    <form className="row" onSubmit={submit}>
      <label>
        Exercise
        <input
          value={exercise}
          required
          maxLength={80}
          pattern=".*\S.*"
          onChange={(event) => setExercise(event.target.value)}
        />
      </label>
      <label className="grow">
        Correction
        <input
          value={text}
          required
          maxLength={500}
          pattern=".*\S.*"
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <button type="submit" disabled={pending}>
        Correct
      </button>
      {error !== undefined && <p className="wrong">{wordsFor(error)}</p>}
    </form>
  );
}
