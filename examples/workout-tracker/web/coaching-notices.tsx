/**
 * Messages in the bell, as read while their view is shown. Being here is what makes the user online
 * to trainer or client.
 */
import { type ReactElement, useContext, useMemo } from "react";
import { useConversation } from "./conversation.ts";
import { MeContext } from "./me.ts";
import { useNotices } from "./notices.ts";
import { useConnection } from "./use-loaded.ts";

export function CoachingNotices({ visible }: { readonly visible: boolean }): ReactElement {
  const me = useContext(MeContext);
  return (
    <>
      {me?.coachings.map(({ id }) => (
        <Listener key={id} coachingId={id} visible={visible} />
      ))}
    </>
  );
}

function Listener({ coachingId, visible }: { readonly coachingId: string; readonly visible: boolean }): null {
  const { user } = useConnection();
  const state = useConversation(coachingId);
  const notices = useMemo(
    () =>
      state?.messages
        .filter(({ from }) => from !== user.id)
        .map(({ id, name, text, at }) => ({ id: `message-${id}`, title: name, body: text, time: at })),
    [state, user],
  );
  useNotices(`coaching:${coachingId}`, notices, visible);
  return null;
}
