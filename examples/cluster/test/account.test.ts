/** The page's count finds what a broken cluster would do. */
import { describe, expect, it } from "vitest";
import { Account } from "../account.ts";

function sumOf(...offsets: readonly (number | readonly [epoch: string, offset: number])[]) {
  const account = new Account();
  for (const each of offsets) {
    const [epoch, offset] = typeof each === "number" ? (["e", each] as const) : each;
    account.add({ epoch, offset });
  }
  return account.sum;
}

describe("the account of a page", () => {
  it("begins wherever the history begins", () => {
    expect(sumOf(7, 8, 9)).toEqual({ received: 3, missing: 0, repeated: 0 });
  });

  it("counts offsets that were passed over", () => {
    expect(sumOf(1, 4, 5)).toEqual({ received: 3, missing: 2, repeated: 0 });
  });

  it("counts what comes again or late", () => {
    expect(sumOf(1, 2, 2, 1, 3)).toEqual({ received: 5, missing: 0, repeated: 2 });
  });

  it("begins again with an epoch, which a gap reports", () => {
    expect(sumOf(5, ["f", 1], ["f", 2])).toEqual({ received: 3, missing: 0, repeated: 0 });
  });
});
