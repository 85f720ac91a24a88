import { describe, expect, it } from "vitest";
import {
  absencesOf,
  busiestSecond,
  type ClientLog,
  clientTally,
  heardAgain,
  NOTHING,
  type Published,
  TOLD,
  tallyOf,
} from "../../src/cluster/account.ts";

/** Five notifications, 11 to 15, ten milliseconds apart. */
const published: Published = { topic: "news", first: 11, at: [100, 110, 120, 130, 140] };

const seen = (...numbers: number[]): ClientLog["topics"][number] => ({
  topic: "news",
  seen: numbers,
  at: numbers.map((_, place) => 200 + place),
});

describe("the account of a topic", () => {
  it("is whole when everything came once and in order", () => {
    expect(tallyOf(seen(11, 12, 13, 14, 15), published)).toEqual({ ...NOTHING, due: 5, delivered: 5 });
  });

  it("tells a silent loss from one of which the application was told", () => {
    expect(tallyOf(seen(11, 13, TOLD, 15), published)).toMatchObject({ silent: 1, told: 1, gaps: 1 });
    expect(tallyOf(seen(11, TOLD, 12, 14, 15), published)).toMatchObject({ silent: 1, told: 0, gaps: 1 });
  });

  it("counts what is missing at the end, and everything where nothing came", () => {
    expect(tallyOf(seen(11, 12), published)).toMatchObject({ silent: 3, told: 0 });
    expect(tallyOf(seen(11, 12, TOLD), published)).toMatchObject({ silent: 0, told: 3 });
    expect(tallyOf(seen(TOLD), published)).toMatchObject({ silent: 0, told: 5 });
    expect(clientTally({ topics: [], lost: [], back: [] }, [published])).toMatchObject({ due: 5, silent: 5 });
  });

  it("counts doubled and disordered ones, and none that was not due", () => {
    expect(tallyOf(seen(11, 13, 12, 13, 14, 15, 9, 99), published)).toEqual({
      ...NOTHING,
      due: 5,
      delivered: 5,
      doubled: 1,
      disordered: 1,
    });
  });

  it("does not call it told when what was missing came late", () => {
    expect(tallyOf(seen(11, TOLD, 13, 12, 14, 15), published)).toMatchObject({ told: 0, silent: 0 });
  });
});

describe("an absence", () => {
  it("is over when all that was published until the return has come", () => {
    const log: ClientLog = {
      topics: [{ topic: "news", seen: [11, 12, 13, 14, 15], at: [101, 155, 156, 157, 190] }],
      lost: [105],
      back: [135],
    };
    expect(absencesOf(log, [published])).toEqual([{ lost: 105, whole: 157 }]);
  });

  it("is over with the return when nothing was missed or all of it was told of", () => {
    expect(absencesOf({ topics: [], lost: [105], back: [135] }, [published])).toEqual([
      { lost: 105, whole: 135 },
    ]);
  });

  it("of a client that never came back is not among them", () => {
    expect(absencesOf({ topics: [], lost: [105, 140], back: [135] }, [published])).toHaveLength(1);
  });

  it("of an engine ends with the first notification that was published after it", () => {
    const topics = [{ topic: "news", seen: [11, 12, 15], at: [101, 111, 150] }];
    expect(heardAgain({ topics, lost: [], back: [] }, [published], 125)).toBe(150);
    expect(heardAgain({ topics: [], lost: [], back: [] }, [published], 125)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("the busiest second", () => {
  it("is a multiple of the mean", () => {
    const even = Array.from({ length: 50 }, (_, n) => n * 100);
    expect(busiestSecond(even, 0)).toBeCloseTo(1, 0);
    expect(busiestSecond([...even, ...Array.from({ length: 50 }, () => 500)], 0)).toBeGreaterThan(2.5);
    expect(busiestSecond([], 0)).toBeNaN();
  });
});
