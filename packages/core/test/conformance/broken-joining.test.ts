/** The cases about late joiners fail on hubs that break one of their promises. */

import type { ClientMessage, ReadHistory } from "@bellwire/core/adapter";
import { CaseContext, type HubSetup, memoryRig } from "@bellwire/core/conformance";
import { type Backplane, type LinkAcceptor, memoryBackplane } from "@bellwire/core/server";
import { describe, expect, it } from "vitest";
import { joining } from "../../src/conformance/cases/joining.ts";

/** A context whose hubs are set up in another way than the case asks for. */
class Broken extends CaseContext {
  readonly #change: (setup: HubSetup) => HubSetup;

  constructor(change: (setup: HubSetup) => HubSetup) {
    super(memoryRig, { name: "directly", seed: 1, faults: false }, "delays");
    this.#change = change;
  }

  override open(setup: HubSetup = {}): Promise<void> {
    return super.open(this.#change(setup));
  }
}

/** Changes the requests for history before the hub receives them. */
const misheard =
  (change: (request: ReadHistory) => ReadHistory) =>
  (hub: LinkAcceptor): LinkAcceptor => ({
    maxMessageBytes: hub.maxMessageBytes,
    refusal: () => hub.refusal(),
    refused: (cause, transport) => hub.refused(cause, transport),
    onClose: (callback) => hub.onClose(callback),
    accept(link, handshake) {
      const observer = hub.accept(link, handshake);
      const heard = (message: ClientMessage): ClientMessage =>
        message.type === "history" ? change(message) : message;
      return {
        open: () => observer.open(),
        message: (message, bytes) => observer.message(heard(message), bytes),
        malformed: (reason) => observer.malformed(reason),
        close: (cause) => observer.close(cause),
      };
    },
  });

const shifted =
  (by: number) =>
  ({ before, ...request }: ReadHistory): ReadHistory => ({
    ...request,
    ...(before && { before: { ...before, offset: before.offset + by } }),
  });

async function outcome(name: RegExp, change: (setup: HubSetup) => HubSetup): Promise<string> {
  const entry = joining.find((one) => name.test(one.name));
  if (!entry) throw new Error(`no case ${String(name)}`);
  const context = new Broken(change);
  try {
    await entry.run(context);
    return "passed";
  } catch (error) {
    return String(error);
  } finally {
    await context.close();
  }
}

const FIRST = /^delivers as much of the past/;
const DURING = /^delivers the past and the present/;
const PAGES = /^pages back to the start/;
const RIGHTS = /^shows no page/;
const SNAPSHOTS = /^joins snapshots/;

describe("the unbroken hub passes", () => {
  it.each([FIRST, DURING, PAGES, RIGHTS, SNAPSHOTS])("%s", async (name) => {
    expect(await outcome(name, (setup) => setup)).toBe("passed");
  });
});

describe("the cases catch a hub", () => {
  it("whose page of the past contains notifications that come live, too", async () => {
    const inner = memoryBackplane();
    const backplane: Backplane = {
      ...inner,
      async read(topic, after, limit, before) {
        if (before) await new Promise((resolve) => setTimeout(resolve, 15));
        return inner.read(topic, after, limit);
      },
    };
    expect(await outcome(DURING, (setup) => ({ ...setup, backplane }))).toMatch(/AssertionError|doubled/);
  });

  it("whose page of the past ends one notification too early", async () => {
    const acceptor = misheard(shifted(-1));
    expect(await outcome(FIRST, (setup) => ({ ...setup, acceptor }))).toMatch(/AssertionError|lost/);
  });

  it("whose pages overlap", async () => {
    let pages = 0;
    const acceptor = misheard((request) => ((pages += 1) === 3 ? shifted(2)(request) : request));
    expect(await outcome(PAGES, (setup) => ({ ...setup, acceptor }))).toMatch(/AssertionError/);
  });

  it("that shows the past to everybody", async () => {
    expect(await outcome(RIGHTS, (setup) => ({ ...setup, authorize: () => true }))).toMatch(
      /expected a rejection with forbidden/,
    );
  });

  it("that passes over a notification behind a snapshot", async () => {
    let fans = 0;
    const lost = (setup: HubSetup): HubSetup => ({
      ...setup,
      acceptor: (hub) => ({
        ...misheard((request) => request)(hub),
        accept: (link, handshake) =>
          hub.accept(
            {
              get buffered() {
                return link.buffered;
              },
              send: (batch) =>
                link.send(
                  batch.map((message) =>
                    message.type === "notification" && (fans += 1) % 50 === 0
                      ? { type: "skip", topic: message.topic, offset: message.offset }
                      : message,
                  ),
                ),
              close: (cause) => link.close(cause),
            },
            handshake,
          ),
      }),
    });
    expect(await outcome(SNAPSHOTS, lost)).toMatch(/AssertionError|lost/);
  });
});
