/**
 * Sentences that stand on something. A decision is made of nothing else, so that whoever doubts one
 * knows where to look.
 */

/** A page, or a document of this repository. */
export interface Source {
  readonly title: string;
  /** `https://…`, or a path from the root of this repository. */
  readonly url: string;
  /** The day it was read, or the one that it says of itself, as `2026-11-21`. */
  readonly date: string;
}

/** The ground of a statement. */
export type Ref =
  | { readonly kind: "source"; readonly source: Source }
  /** A figure of the run: the scenario's name, the contender's, and the id of the metric. */
  | {
      readonly kind: "figure";
      readonly scenario: string;
      readonly contender: string;
      readonly metric: string;
    }
  /** An answer of the user. */
  | { readonly kind: "answer"; readonly key: string }
  /** A judgement of the matrix, by its path in the file: `cells/ws/ease`. */
  | { readonly kind: "matrix"; readonly path: string }
  /** A price or an assumption, by its path in the file: `servers/CX33`. */
  | { readonly kind: "price"; readonly path: string };

/** One sentence without its full stop, and at least one reference. */
export interface Statement {
  readonly text: string;
  readonly refs: readonly [Ref, ...Ref[]];
}

/**
 * A statement. Throws a TypeError when it would rest on nothing, which is a mistake of the program.
 */
export function statement(text: string, refs: readonly Ref[]): Statement {
  const [first, ...others] = distinct(refs);
  if (first === undefined) throw new TypeError(`a statement without a reference: ${text}`);
  return { text, refs: [first, ...others] };
}

/** A reference to an answer. */
export const answer = (key: string): Ref => ({ kind: "answer", key });

/** A reference to a place in the matrix. */
export const matrixRef = (path: string): Ref => ({ kind: "matrix", path });

/** A reference to a place in the prices. */
export const priceRef = (path: string): Ref => ({ kind: "price", path });

/** References to pages. */
export const sourceRefs = (sources: readonly Source[]): Ref[] =>
  sources.map((source) => ({ kind: "source", source }));

/** The same reference has the same key. */
export function refKey(ref: Ref): string {
  switch (ref.kind) {
    case "source":
      return `source ${ref.source.url}`;
    case "figure":
      return `figure ${ref.scenario}/${ref.contender}/${ref.metric}`;
    case "answer":
      return `answer ${ref.key}`;
    case "matrix":
    case "price":
      return `${ref.kind} ${ref.path}`;
  }
}

/** Every reference once, in the order of first use. */
export function distinct(refs: readonly Ref[]): Ref[] {
  return [...new Map(refs.map((ref) => [refKey(ref), ref])).values()];
}
