/** What a response says that is not the one that was asked for. */
import { type CloseCause } from "@bellwire/core";
import { statusCause } from "@bellwire/core/adapter";

/** Characters of a body that are read for its reason, and milliseconds that it may take. */
const BODY = 2_048;
const BODY_TIME = 1_000;

/** The close cause of a refused request, with the reason that the server gave in its body. Never rejects. */
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
  try {
    const { reason } = JSON.parse(text) as { reason?: unknown };
    if (typeof reason === "string") return { ...cause, reason: `HTTP ${status}: ${reason}` };
  } catch {
    // Not one of ours, and the status has to do.
  }
  return cause;
}
