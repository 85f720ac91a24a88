/** Draws of which some are likelier than others. */
import type { Random } from "@bellwire/core/conformance";

/** One of several, each with its weight. */
export type Weighted<T> = readonly (readonly [weight: number, item: T])[];

/** Draws one, as often as its weight says. */
export function weighted<T>(random: Random, items: Weighted<T>): T {
  let left = random.next() * items.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, item] of items) {
    left -= weight;
    if (left < 0) return item;
  }
  return (items.at(-1) as (typeof items)[number])[1];
}

/** So many draws. */
export function times<T>(count: number, draw: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => draw(index));
}
