/** The sign-in view: name and password, and in a demonstration a way in without them. */
import { type FormEvent, type ReactElement, useState } from "react";
import type { Person } from "../things.ts";
import { signIn, visit } from "./account.ts";
import { settings } from "./settings.ts";

const SEATS = [
  { as: "member", label: "A member" },
  { as: "trainer", label: "A trainer" },
  { as: "admin", label: "An administrator" },
] as const;

interface Props {
  /** The text to show first; empty for none. */
  readonly why: string;
  readonly entered: (user: Person) => Promise<void>;
}

export function SignIn({ why, entered }: Props): ReactElement {
  const [wrong, setWrong] = useState(why);
  const [busy, setBusy] = useState(false);

  const enter = (opening: Promise<Person>): void => {
    setBusy(true);
    setWrong("");
    opening.then(entered).catch((error: Error) => {
      setBusy(false);
      setWrong(error.message);
    });
  };
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    enter(signIn(textOf(form, "name"), textOf(form, "password")));
  };

  return (
    <main className="entrance">
      <h1>Workout tracker</h1>
      <form className="card" onSubmit={submit}>
        <label>
          Name
          <input name="name" autoComplete="username" required maxLength={80} />
        </label>
        <label>
          Password
          <input name="password" type="password" autoComplete="current-password" required maxLength={200} />
        </label>
        <p className="wrong" role="alert">
          {wrong}
        </p>
        <button type="submit" className="primary" disabled={busy}>
          Sign in
        </button>
      </form>
      {settings.demo && (
        <section className="card" aria-label="Look around">
          <h2>Or look around as</h2>
          <div className="row">
            {SEATS.map(({ as, label }) => (
              <button key={as} type="button" disabled={busy} onClick={() => enter(visit(as))}>
                {label}
              </button>
            ))}
          </div>
        </section>
      )}
    </main>
  );
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}
