/** The decision of a machine: the next state, and the effects to perform, in order. */
export interface Step<State, Effect> {
  readonly next: State;
  readonly effects: readonly Effect[];
}

/** Makes a step to the state with the effects. */
export function to<State, Effect>(next: State, ...effects: readonly Effect[]): Step<State, Effect> {
  return { next, effects };
}
