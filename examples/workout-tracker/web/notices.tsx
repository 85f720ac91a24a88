/** What pops up: once each, read out by screen readers, gone by itself unless somebody looks at it. Texts are text, whatever is in them. */
import {
  createContext,
  type ReactElement,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";

export interface Notice {
  /** What has been shown under this id is not shown again. */
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

type Show = (notice: Notice) => void;

const NoticeContext: React.Context<Show> = createContext<Show>(() => {});

/** Milliseconds that a notice stays. */
const STAY = 7_000;
/** Notices on the screen at once. */
const MOST = 3;

/** Shows a notice. The same function in every render. */
export function useNotice(): Show {
  return useContext(NoticeContext);
}

export function Notices({ children }: { readonly user: string; readonly children: ReactNode }): ReactElement {
  const [shown, setShown] = useState<readonly Notice[]>([]);
  const known = useRef(new Set<string>());
  const close = useCallback(
    (id: string) => setShown((before) => before.filter((notice) => notice.id !== id)),
    [],
  );
  const show = useCallback<Show>((notice) => {
    if (known.current.has(notice.id)) return;
    known.current.add(notice.id);
    setShown((before) => [...before, notice].slice(-MOST));
  }, []);
  const items = useMemo(
    () => shown.map((notice) => <Toast key={notice.id} notice={notice} close={close} />),
    [shown, close],
  );
  return (
    <NoticeContext value={show}>
      {children}
      <div className="notices" role="region" aria-label="Notices">
        <ul aria-live="polite">{items}</ul>
      </div>
    </NoticeContext>
  );
}

function Toast({
  notice,
  close,
}: {
  readonly notice: Notice;
  readonly close: (id: string) => void;
}): ReactElement {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => close(notice.id), STAY);
    return () => clearTimeout(timer);
  }, [held, close, notice.id]);
  return (
    <li
      className="toast"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <div>
        <strong>{notice.title}</strong>
        <p>{notice.text}</p>
      </div>
      <button type="button" aria-label={`Dismiss: ${notice.title}`} onClick={() => close(notice.id)}>
        ×
      </button>
    </li>
  );
}
