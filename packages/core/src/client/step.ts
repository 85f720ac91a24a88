/** What a machine decides: where it is then, and what is to be done, in order. */
export interface Step<State, Effect> {
  readonly next: State;
  readonly effects: readonly Effect[];
}

/** Goes to the state and has the effects performed. */
export function to<State, Effect>(next: State, ...effects: readonly Effect[]): Step<State, Effect> {
  return { next, effects };
}
