/** The notices and their reads, for every order of toasts, reads and dismissals. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NoticeList } from "../src/notice-list.ts";
import { storedReads } from "../src/reads.ts";

class Shelf {
  readonly kept = new Map<string, string>();
  getItem(key: string): string | null {
    return this.kept.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.kept.set(key, value);
  }
}

const id = fc.constantFrom("a", "b", "c", "d");
const deed = fc.oneof(
  fc.record({ do: fc.constant("put" as const), id }),
  fc.record({ do: fc.constant("read" as const), id }),
  fc.record({ do: fc.constant("dismiss" as const), id }),
  fc.record({ do: fc.constantFrom("readAll" as const, "clear" as const, "reload" as const), id }),
);

/** A page with a list, and a model of the ids that are new and finished. */
class Page {
  list: NoticeList;
  readonly done = new Set<string>();
  #news = new Set<string>();
  readonly #reads = storedReads(new Shelf());

  constructor() {
    this.list = this.#load();
  }

  perform({ do: what, id }: { readonly do: string; readonly id: string }): void {
    const there = this.list.notices.map((notice) => notice.id);
    switch (what) {
      case "put":
        expect(this.list.put({ id, title: id }, 0).isNews).toBe(!this.#news.has(id) && !this.done.has(id));
        this.#news.add(id);
        return;
      case "read":
      case "dismiss":
        this.list[what]([id]);
        if (there.includes(id)) this.done.add(id);
        return;
      case "reload":
        this.list = this.#load();
        this.#news = new Set();
        return;
      default:
        if (what === "readAll") this.list.read();
        else this.list.dismiss();
        for (const one of there) this.done.add(one);
    }
  }

  #load(): NoticeList {
    const list = new NoticeList();
    list.restore(this.#reads);
    return list;
  }
}

describe("a list of notices", () => {
  it("reports an id as new at most once, unless the page was left before it was read", () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 40 }), (deeds) => {
        const page = new Page();
        for (const deed of deeds) {
          page.perform(deed);
          const ids = page.list.notices.map((notice) => notice.id);
          expect(new Set(ids).size).toBe(ids.length);
          expect(page.list.unread).toBe(ids.filter((one) => !page.done.has(one)).length);
        }
      }),
    );
  });

  it("puts each notice in the place of its time, and reports a quiet one as no news", () => {
    const list = new NoticeList();
    list.limit = 3;
    const news = [
      { id: "b", title: "b", time: 2, quiet: true },
      { id: "d", title: "d", time: 4 },
      { id: "a", title: "a", time: 1, quiet: true },
      { id: "c", title: "c", time: 3, quiet: true },
    ].map((toast) => list.put(toast, 9).isNews);
    expect(news).toEqual([false, true, false, false]);
    list.put({ id: "now", title: "now" }, 9);
    expect(list.notices.map(({ id }) => id)).toEqual(["now", "d", "c"]);
    expect(list.unread).toBe(3);
    expect(list.put({ id: "c", title: "again" }, 9).isNews).toBe(false);
  });

  it("stores the newest 500 ids, and no generated ones", () => {
    const shelf = new Shelf();
    const list = new NoticeList();
    list.limit = 1_000;
    list.restore(storedReads(shelf));
    for (let n = 0; n < 600; n += 1) list.put({ id: `n${n}`, title: "x" }, 0);
    list.put({ title: "without an id" }, 0);
    list.read();
    const stored: unknown = JSON.parse(shelf.getItem("bellwire:read") ?? "");
    expect(stored).toHaveLength(499);
    expect(stored).toContain("n599");
    expect(stored).not.toContain("n0");
  });

  it("works without a usable storage", () => {
    const broken = storedReads({
      getItem: () => "{not JSON",
      setItem: () => {
        throw new Error("full");
      },
    });
    const list = new NoticeList();
    list.restore(broken);
    list.put({ id: "a", title: "a" }, 0);
    list.read(["a"]);
    expect(list.unread).toBe(0);
  });
});
