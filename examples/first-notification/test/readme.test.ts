/** The files of this example that README.md shows are the same there. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

it.each(["topics.ts", "client.ts"])("%s is what README.md shows", (file) => {
  const blocks = Array.from(read("../../../README.md").matchAll(/^```ts\n(.*?)^```/gms), ([, code]) => code);
  expect(blocks.find((code) => code?.startsWith(`// ${file}\n`))).toBe(read(`../${file}`));
});
