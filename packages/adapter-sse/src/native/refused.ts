/** Reads the response of a server that refused a request. */
import { type CloseCause } from "@bellwire/core";
import { readRefusal, statusCause } from "@bellwire/core/adapter";

/** Characters that are read of the body. */
const BODY = 2_048;
/** Milliseconds within which the body must arrive. */
const BODY_TIME = 1_000;

/**
 * The close cause of a refused request, with the reason that the server gave in its body. Never
 * rejects.
 */
export async function refusedBy(response: Response): Promise<CloseCause> {
  const { status, headers, body } = response;
  const reader = body?.getReader();
  let text = "";
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    while (text.length < BODY) {
      const part = await reader?.read();
      if (!part?.value) return;
      text += decoder.decode(part.value, { stream: true });
    }
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, BODY_TIME);
  });
  await Promise.race([read().catch(() => {}), late]);
  clearTimeout(timer);
  reader?.cancel().catch(() => {});
  const cause = statusCause(status, headers.get("retry-after"));
  const { reason } = readRefusal(text);
  return reason === undefined ? cause : { ...cause, reason: `HTTP ${status}: ${reason}` };
}
