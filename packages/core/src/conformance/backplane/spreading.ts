/** Volatile entries reach every listener and leave no trace. Presence depends on it. */
import assert from "node:assert/strict";
import { range } from "../cases/case.ts";
import type { BackplaneCase } from "./backplane-case.ts";
import { TIME, TOPIC } from "./backplane-context.ts";

export const spreading: readonly BackplaneCase[] = [
  {
    name: "spreads a volatile entry to the listeners of every instance, its own included, with offset 0",
    async run(context) {
      const listeners = await context.listenEverywhere(TOPIC);
      for (const instance of context.instances) {
        const entry = { event: "typing", json: '{"n":1}', time: TIME, id: "a", exclude: "b" };
        assert.equal(await instance.spread(TOPIC, entry), undefined);
      }
      for (const heard of listeners) {
        await heard.hears(context.instances.map(() => 0));
        for (const entry of heard.entries)
          assert.deepEqual(entry, {
            event: "typing",
            json: '{"n":1}',
            time: TIME,
            id: "a",
            exclude: "b",
            offset: 0,
          });
      }
    },
  },
  {
    name: "spreads the entries of one instance in the order of the calls, each once",
    async run(context) {
      const listeners = await context.listenEverywhere(TOPIC);
      const spreads = range(1, 100).flatMap((n) =>
        context.instances.map((instance, index) =>
          instance.spread(TOPIC, { event: `from ${index}`, json: `${n}`, time: TIME }),
        ),
      );
      await Promise.all(spreads);
      for (const heard of listeners) {
        await heard.count(spreads.length);
        for (const index of context.instances.keys()) {
          const own = heard.entries.filter(({ event }) => event === `from ${index}`);
          assert.deepEqual(
            own.map(({ json }) => Number(json)),
            range(1, 100),
          );
        }
        assert.equal(heard.entries.length, spreads.length);
      }
    },
  },
  {
    name: "stores no volatile entry and changes no offset",
    async run(context) {
      const empty = await context.head(TOPIC);
      for (const n of range(0, 4)) await context.instance(n).spread(TOPIC, context.entry());
      assert.deepEqual(await context.head(TOPIC), empty);
      const first = await context.append(TOPIC);
      assert.deepEqual(first, { ...empty, offset: 1 });
      for (const n of range(0, 4)) await context.instance(n).spread(TOPIC, context.entry());
      for (const n of context.instances.keys()) {
        assert.deepEqual(await context.head(TOPIC, n), first);
        assert.equal((await context.after(TOPIC, empty, n)).length, 1);
      }
    },
  },
  {
    name: "spreads an id each time, and leaves it free for an append",
    async run(context) {
      const heard = await context.listen(TOPIC);
      await context.instance().spread(TOPIC, context.entry({ id: "a" }));
      await context.instance().spread(TOPIC, context.entry({ id: "a" }));
      await heard.hears([0, 0]);
      assert.equal((await context.append(TOPIC)).offset, 1);
      assert.equal((await context.append(TOPIC, { id: "a" })).offset, 2);
      await heard.hears([0, 0, 1, 2]);
      await context.instance().spread(TOPIC, context.entry({ id: "a" }));
      await heard.hears([0, 0, 1, 2, 0]);
    },
  },
  {
    name: "spreads without listeners, and never to those of other topics or to one that has stopped",
    async run(context) {
      await context.instance().spread(TOPIC, context.entry());
      const [stopped, other] = [await context.listen(TOPIC), await context.listen("news.weather")];
      const witness = await context.listen(TOPIC);
      stopped.stop();
      await context.instance().spread(TOPIC, context.entry());
      await witness.hears([0]);
      await context.instance().spread("news.weather", context.entry());
      await other.hears([0]);
      assert.deepEqual(stopped.entries, []);
    },
  },
  {
    name: "spreads while a listener answers with a volatile entry, as hubs do for presence",
    async run(context) {
      const last = context.instances.length - 1;
      await context.listen(TOPIC, last, ({ event }) => {
        if (event !== "ask") return;
        const answer = context.entry({ event: "answer" });
        context.aside(context.instance(last).spread(TOPIC, answer));
      });
      const listeners = await context.listenEverywhere(TOPIC);
      await context.instance().spread(TOPIC, context.entry({ event: "ask" }));
      for (const heard of listeners) {
        await heard.count(2);
        const events = heard.entries.map(({ event }) => event);
        assert.deepEqual(events.toSorted(), ["answer", "ask"]);
      }
      await context.settled();
    },
  },
  {
    name: "spreads an entry of 1 MiB, since one entry lists the members of a hub",
    async run(context) {
      const json = JSON.stringify("x".repeat(1_048_576));
      const listeners = await context.listenEverywhere(TOPIC);
      await context.instance().spread(TOPIC, context.entry({ json }));
      for (const heard of listeners) {
        await heard.count(1);
        assert.ok(heard.jsons[0] === json, "the data was changed");
      }
    },
  },
];
