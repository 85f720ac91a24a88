/** The page for the person who is signed in. */
import { isBellwireError } from "@bellwire/core";
import { ChannelProvider } from "@bellwire/react";
import { type ReactElement, useCallback, useEffect, useRef, useState } from "react";
import type { Person } from "../things.ts";
import { signOut, visit, whoAmI } from "./account.ts";
import { type Connection, openConnection } from "./connection.ts";
import { settings } from "./settings.ts";
import { Shell } from "./shell.tsx";
import { SignIn } from "./sign-in.tsx";
import { ConnectionContext } from "./use-loaded.ts";

type Stage =
  | { readonly is: "starting" }
  | { readonly is: "out"; readonly why: string }
  | { readonly is: "in"; readonly connection: Connection };

/** In a demonstration who has not signed out on purpose comes in as a visitor. */
const LEFT = "tracker:left";

async function begin(): Promise<Person | null> {
  const known = await whoAmI();
  if (known || !settings.demo || sessionStorage.getItem(LEFT)) return known;
  return visit("member");
}

export function App(): ReactElement {
  const [stage, setStage] = useState<Stage>({ is: "starting" });
  const began = useRef(false);

  const enter = useCallback(async (user: Person): Promise<void> => {
    const connection = await openConnection(user);
    sessionStorage.removeItem(LEFT);
    connection.channel.onError((error) => {
      if (connection.channel.state !== "failed") return;
      const ended = isBellwireError(error) && error.code === "unauthorized";
      connection.close();
      setStage({
        is: "out",
        why: ended ? "Your sign-in has ended. Sign in again." : "The server refused the connection.",
      });
    });
    setStage({ is: "in", connection });
  }, []);

  const leave = useCallback(async (): Promise<void> => {
    sessionStorage.setItem(LEFT, "yes");
    setStage((before) => {
      if (before.is === "in") before.connection.close();
      return { is: "out", why: "" };
    });
    await signOut().catch(() => {});
  }, []);

  useEffect(() => {
    if (began.current) return;
    began.current = true;
    begin()
      .then((user) => (user ? enter(user) : setStage({ is: "out", why: "" })))
      .catch((error: Error) => setStage({ is: "out", why: error.message }));
  }, [enter]);

  if (stage.is === "starting")
    return (
      <main className="entrance">
        <h1>Workout tracker</h1>
        <p role="status">Starting …</p>
      </main>
    );
  if (stage.is === "out") return <SignIn why={stage.why} entered={enter} />;
  const { connection } = stage;
  return (
    <ConnectionContext value={connection}>
      <ChannelProvider channel={connection.channel}>
        <Shell signOut={leave} />
      </ChannelProvider>
    </ConnectionContext>
  );
}
