/**
 * A text field on a Yjs text: what is typed becomes the smallest edit, and what others type moves
 * the caret along.
 */
import { type ReactElement, useEffect, useId, useRef } from "react";
import type * as Y from "yjs";

interface Props {
  readonly label: string;
  readonly text: Y.Text;
  /** The other people in it. */
  readonly others: readonly string[];
  readonly focused: () => void;
  readonly left: () => void;
}

export function SharedText({ label, text, others, focused, left }: Props): ReactElement {
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  useEffect(() => {
    const element = field.current;
    if (!element) return;
    element.value = text.toJSON();
    const change = ({ changes, transaction }: Y.YTextEvent): void => {
      if (transaction.local) return;
      const { selectionStart, selectionEnd } = element;
      element.value = text.toJSON();
      if (document.activeElement === element)
        element.setSelectionRange(moved(selectionStart, changes.delta), moved(selectionEnd, changes.delta));
    };
    text.observe(change);
    return () => text.unobserve(change);
  }, [text]);
  const edit = (next: string): void => {
    const before = text.toJSON();
    const { start, removed, inserted } = difference(before, next);
    text.doc?.transact(() => {
      if (removed > 0) text.delete(start, removed);
      if (inserted !== "") text.insert(start, inserted);
    });
  };
  return (
    <div className="shared">
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        ref={field}
        rows={1}
        maxLength={2_000}
        onChange={(event) => edit(event.target.value)}
        onFocus={focused}
        onBlur={left}
      />
      <small className="editing">{others.length > 0 && `${others.join(", ")} writing`}</small>
    </div>
  );
}

/**
 * The text to remove and the text to insert, and the place: everything between the common beginning
 * and end.
 */
export function difference(
  before: string,
  after: string,
): { readonly start: number; readonly removed: number; readonly inserted: string } {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let tail = 0;
  const most = Math.min(before.length, after.length) - start;
  while (tail < most && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  return { start, removed: before.length - start - tail, inserted: after.slice(start, after.length - tail) };
}

interface Piece {
  readonly insert?: unknown;
  readonly delete?: number;
  readonly retain?: number;
}

/** Where a caret is after others have edited. */
export function moved(caret: number, delta: readonly Piece[]): number {
  let at = 0;
  let result = caret;
  for (const { insert, delete: removed = 0, retain = 0 } of delta) {
    if (at > result) break;
    at += retain;
    if (typeof insert === "string") {
      if (at <= result) result += insert.length;
      at += insert.length;
    }
    if (removed > 0 && at < result) result -= Math.min(removed, result - at);
  }
  return result;
}
