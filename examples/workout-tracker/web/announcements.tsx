/** Announcements of administrators, on top of every view; administrators can make one. */
import { usePublish } from "@bellwire/react";
import { type FormEvent, type ReactElement, useMemo, useState } from "react";
import { useNotices } from "./notices.ts";
import { put, useConnection, useLoaded } from "./use-loaded.ts";
import { ago, wordsFor } from "./words.ts";

export function Announcements(): ReactElement | null {
  const { user, channel } = useConnection();
  const state = useLoaded(
    "private-announcements",
    (topic) => channel.publish(topic, "load", {}),
    ({ announcements }, { data }) => ({ announcements: put(announcements, data, ({ id }) => id) }),
  );
  const notices = useMemo(
    () =>
      state?.announcements.toReversed().map(({ id, by, text, at }) => ({
        id: `announcement-${id}`,
        title: `Announcement by ${by}`,
        body: text,
        time: at,
      })),
    [state],
  );
  useNotices("announcements", notices);
  const [latest] = state?.announcements ?? [];
  return (
    <>
      {latest && (
        <p className="announcement">
          <strong>{latest.by}</strong> {latest.text} <small>{ago(latest.at)}</small>
        </p>
      )}
      {user.role === "admin" && <Announce />}
    </>
  );
}

function Announce(): ReactElement {
  const { publish, pending, error } = usePublish("private-announcements", "announce");
  const [text, setText] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (text.trim() === "") return;
    publish({ text }).then(
      () => setText(""),
      () => {},
    );
  };
  return (
    <form className="announce row" onSubmit={submit}>
      <label className="grow">
        Announce to everyone
        <input value={text} maxLength={500} onChange={(event) => setText(event.target.value)} />
      </label>
      <button type="submit" className="primary" disabled={pending}>
        Announce
      </button>
      {error !== undefined && <p className="wrong">{wordsFor(error)}</p>}
    </form>
  );
}
