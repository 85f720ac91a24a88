/** A closed instance rejects every call, and disturbs neither the log nor other instances. */
import assert from "node:assert/strict";
import { isBellwireError } from "../../errors.ts";
import { range, rejectsWith } from "../cases/case.ts";
import type { BackplaneCase } from "./backplane-case.ts";
import { TOPIC } from "./backplane-context.ts";

export const closing: readonly BackplaneCase[] = [
  {
    name: "rejects everything with closed once it is closed, and closes again without an error",
    setup: { instances: 1 },
    async run(context) {
      const plane = context.instance();
      const heard = await context.listen(TOPIC);
      const position = await context.append(TOPIC, { id: "a" });
      await plane.close();
      await plane.close();
      await rejectsWith("closed", plane.append(TOPIC, context.entry()));
      await rejectsWith("closed", plane.append(TOPIC, context.entry({ id: "a" })));
      await rejectsWith("closed", plane.spread(TOPIC, context.entry()));
      await rejectsWith(
        "closed",
        plane.listen(TOPIC, () => {}),
      );
      await rejectsWith("closed", plane.read(TOPIC, undefined, 0));
      await rejectsWith("closed", plane.read(TOPIC, position, 10));
      heard.stop();
    },
  },
  {
    name: "answers every append that is under way when it closes, with its position or with closed",
    setup: { instances: 1 },
    async run(context) {
      const appends = range(1, 20).map(() => context.append(TOPIC));
      const settled = Promise.allSettled(appends);
      await context.instance().close();
      for (const [n, result] of (await settled).entries()) {
        if (result.status === "fulfilled") assert.ok(result.value.offset <= 20);
        else assert.ok(isBellwireError(result.reason) && result.reason.code === "closed", `append ${n}`);
      }
    },
  },
  {
    name: "leaves the other instances and the log as they are when one closes",
    requires: ["separate instances"],
    async run(context) {
      const [left, kept] = [await context.listen(TOPIC, 0), await context.listen(TOPIC, 1)];
      const first = await context.append(TOPIC, { id: "a" });
      await left.hears([1]);
      await context.instance(0).close();
      assert.deepEqual(await context.append(TOPIC, { id: "a" }, 1), first);
      assert.deepEqual(await context.append(TOPIC, {}, 1), { ...first, offset: 2 });
      await context.instance(1).spread(TOPIC, context.entry());
      await kept.count(3);
      assert.deepEqual(new Set(kept.offsets), new Set([0, 1, 2]));
      assert.equal((await context.after(TOPIC, { ...first, offset: 0 }, 1)).length, 2);
      assert.deepEqual(left.offsets, [1]);
    },
  },
  {
    name: "keeps every append that was acknowledged before an instance closed",
    requires: ["separate instances"],
    async run(context) {
      const results = Promise.allSettled(range(1, 50).map(() => context.append(TOPIC)));
      await context.instance(0).close();
      const log = new Set((await context.log(TOPIC, 1)).map(({ offset }) => offset));
      for (const result of await results)
        if (result.status === "fulfilled") assert.ok(log.has(result.value.offset), "an acknowledged append");
    },
  },
];
