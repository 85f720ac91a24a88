/** Backplanes that break entries or closing on purpose: the kit has to catch every one. */
import { describe, it } from "vitest";
import { hideConsoleErrors } from "../expected-errors.ts";
import { changingEntries, expectCaught } from "./broken-backplane.ts";

hideConsoleErrors();

describe("the kit catches a backplane that, of an entry,", () => {
  const carried = "carries event, time, id and excluded session, and adds no field that was absent";

  it("drops the excluded session", () =>
    expectCaught({ log: changingEntries((entry) => ({ ...entry, exclude: undefined })) }, carried));

  it("drops the id", () =>
    expectCaught({ log: changingEntries((entry) => ({ ...entry, id: undefined })) }, carried));

  it("makes an empty text of what is absent", () =>
    expectCaught({ log: changingEntries((entry) => ({ ...entry, exclude: entry.exclude ?? "" })) }, carried));

  it("rounds the time to seconds", () =>
    expectCaught(
      {
        log: changingEntries((entry) => ({ ...entry, time: Math.floor(entry.time / 1_000) * 1_000 })),
      },
      carried,
    ));

  it("stores the data parsed, and writes it anew", () =>
    expectCaught(
      { log: changingEntries((entry) => ({ ...entry, json: JSON.stringify(JSON.parse(entry.json)) })) },
      "carries the text of the data byte for byte, without writing it anew",
    ));

  it("takes characters for bytes", () =>
    expectCaught(
      {
        log: changingEntries((entry) => ({
          ...entry,
          json: Buffer.from(entry.json, "latin1").toString("latin1"),
        })),
      },
      "carries every kind of character",
    ));

  it("cuts data off", () =>
    expectCaught(
      { log: changingEntries((entry) => ({ ...entry, json: entry.json.slice(0, 32_768) })) },
      "carries data of 64 KiB, many times over",
    ));
});

describe("the kit catches a backplane that, when it closes,", () => {
  const closed = "rejects everything with closed once it is closed, and closes again without an error";

  it("goes on taking appends", () =>
    expectCaught(
      {
        instance: (own) => ({ close: async () => void own }),
      },
      closed,
    ));

  it("rejects with an error of the engine's client", () =>
    expectCaught(
      {
        instance: (own) => ({
          read: (...given) =>
            own.read(...given).catch(() => Promise.reject(new Error("the connection is closed"))),
        }),
      },
      closed,
    ));

  it("rejects a second close", () =>
    expectCaught(
      {
        instance: (own) => {
          let closes = 0;
          return {
            async close() {
              await own.close();
              if (++closes === 2) throw new Error("the connection is closed");
            },
          };
        },
      },
      closed,
    ));

  it("closes the other instances as well", () => {
    let closeShared = async (): Promise<void> => {};
    return expectCaught(
      {
        log: (inner) => {
          closeShared = () => inner.close();
          return {};
        },
        instance: () => ({ close: () => closeShared() }),
      },
      "leaves the other instances and the log as they are when one closes",
    );
  });
});
