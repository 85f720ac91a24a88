/**
 * Tells of messages that come while another view is shown. Being here is what makes the user online
 * to trainer or client.
 */
import { useSubscription } from "@bellwire/react";
import { useToaster } from "@bellwire/toaster/react";
import type { ReactElement } from "react";
import { useContext } from "react";
import { MeContext } from "./me.ts";
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
  const toaster = useToaster();
  useSubscription(`presence-coaching.${coachingId}`, {
    on: {
      said({ data }) {
        if (!visible && data.from !== user.id)
          toaster.show({ id: `message-${data.id}`, title: data.name, body: data.text, time: data.at });
      },
    },
  });
  return null;
}
