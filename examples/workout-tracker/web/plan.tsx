/** The shared plan: seven days that several people edit at once, with who is editing which. */
import { usePresence } from "@bellwire/react";
import { type ReactElement, useEffect, useState } from "react";
import type { Plan } from "../things.ts";
import { useMe } from "./me.ts";
import { PlanDocument } from "./plan-document.ts";
import { SharedText } from "./shared-text.tsx";
import { useConnection } from "./use-loaded.ts";

const DAYS = {
  mon: "Monday",
  tue: "Tuesday",
  wed: "Wednesday",
  thu: "Thursday",
  fri: "Friday",
  sat: "Saturday",
  sun: "Sunday",
} as const;

export function PlanView(): ReactElement {
  const { plans } = useMe();
  return (
    <>
      <h1>Training plan</h1>
      {plans.length === 0 && <p className="empty">You do not share a plan yet.</p>}
      {plans.map((plan) => (
        <Editor key={plan.id} plan={plan} />
      ))}
    </>
  );
}

interface Opened {
  readonly document: PlanDocument;
  readonly synced: boolean;
}

function Editor({ plan }: { readonly plan: Plan }): ReactElement {
  const { user, channel } = useConnection();
  const [opened, setOpened] = useState<Opened | undefined>();
  const { members } = usePresence(`presence-plan.${plan.id}`);
  useEffect(() => {
    const document = new PlanDocument(channel, plan.id);
    setOpened({ document, synced: false });
    void document
      .synced()
      .then(() => setOpened((now) => (now?.document === document ? { document, synced: true } : now)));
    return () => document.close();
  }, [channel, plan.id]);
  const editors = useEditors(opened?.document);
  return (
    <section className="card" aria-labelledby={`plan-${plan.id}`}>
      <h2 id={`plan-${plan.id}`}>{plan.title}</h2>
      <p className="hint">
        {members.length > 1 ? `${members.length} have it open` : "Only you have it open"}. Everybody can edit
        it, also offline; all edits are merged.
      </p>
      {!opened?.synced && <p className="empty">Loading …</p>}
      {opened?.synced &&
        Object.entries(DAYS).map(([day, label]) => (
          <SharedText
            key={day}
            label={label}
            text={opened.document.doc.getText(day)}
            others={editors.filter((one) => one.day === day).map(({ name }) => name)}
            focused={() => opened.document.awareness.setLocalState({ name: user.name, day })}
            left={() => opened.document.awareness.setLocalState({ name: user.name })}
          />
        ))}
    </section>
  );
}

interface EditorState {
  readonly client: number;
  readonly name: string;
  readonly day: string | undefined;
}

/** The other editors and their places. Their reports are not trusted to have a shape. */
function useEditors(document: PlanDocument | undefined): readonly EditorState[] {
  const [editors, setEditors] = useState<readonly EditorState[]>([]);
  useEffect(() => {
    if (!document) return;
    const { awareness, doc } = document;
    const show = (): void =>
      setEditors(
        Array.from(awareness.getStates(), ([client, { name, day }]) => ({
          client,
          name: typeof name === "string" ? name.slice(0, 40) : "Somebody",
          day: typeof day === "string" ? day : undefined,
        })).filter(({ client }) => client !== doc.clientID),
      );
    awareness.on("change", show);
    show();
    return () => awareness.off("change", show);
  }, [document]);
  return editors;
}
