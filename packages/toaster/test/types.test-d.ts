/**
 * Programs that must compile, and programs that must not: a toaster learns a subscription's
 * notifications from the contract.
 */
import { createChannel } from "@bellwire/core/client";
import { memoryTransport } from "@bellwire/core/memory";
import { createHub } from "@bellwire/core/server";
import type { BellwireToaster, Toast } from "@bellwire/toaster";
import { Toaster, useToaster } from "@bellwire/toaster/react";
import { createElement } from "react";
import { describe, expectTypeOf, it } from "vitest";
import { topics } from "./topics.ts";

declare const toaster: BellwireToaster;
const channel = createChannel({ topics, transport: memoryTransport(createHub({ topics })) });

describe("connect", () => {
  it("infers the events and data of a subscription, on the element and in React", () => {
    for (const one of [toaster, useToaster()]) {
      one.connect(
        channel.subscribe("workouts.42"),
        (notification) => {
          expectTypeOf(notification.event).toEqualTypeOf<"completed" | "progress">();
          if (notification.event !== "completed") return null;
          expectTypeOf(notification.data).toEqualTypeOf<{ calories: number }>();
          return { title: `${notification.data.calories} kcal` };
        },
        (gap) => ({ title: gap.reason }),
      );
    }
    // @ts-expect-error -- the data has no such key
    toaster.connect(channel.subscribe("workouts.42"), ({ data }) => ({ title: data.kilometres }));
    // @ts-expect-error -- nothing that calls back
    toaster.connect(channel, () => null);
  });
});

describe("toasts", () => {
  it("need a title, and accept only what a toaster can show", () => {
    expectTypeOf<Toast["tone"]>().toEqualTypeOf<"info" | "success" | "warning" | "error" | undefined>();
    toaster.show({ title: "x", tone: "error", timeout: 0, actions: [{ label: "Undo", run: () => {} }] });
    // @ts-expect-error -- no title
    toaster.show({ body: "x" });
    // @ts-expect-error -- no such tone
    toaster.show({ title: "x", tone: "fatal" });
    // @ts-expect-error -- an element is no text
    toaster.show({ title: createElement("b") });
    createElement(Toaster, { desktop: true, onChange: ({ unread }) => unread });
    // @ts-expect-error -- no such prop
    createElement(Toaster, { position: "left" });
  });
});
