/**
 * Checks the prose of the repository: `node scripts/prose.mjs [path …]`, by default every tracked
 * source and document. Prints one line for each finding and exits with 1 if there is any.
 *
 * - A comment line is at most 100 columns wide, unless it holds an address or a directive.
 * - No sentence begins with a relative clause that stands for its subject: "Who joins …".
 * - No phrase of the list below appears in comments, in texts of the code or in documents.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const WIDTH = 100;

/** Private metaphors and words that the glossary in ARCHITECTURE.md replaced. */
const PHRASES = [
  /\bdoors?\b/i,
  /\bill\b/i,
  /\bfall(s|en|ing)? silent\b/i,
  /\bfell silent\b/i,
  /\bputs? up with\b/i,
  /\bof now\b/i,
  /\bnot for sale\b/i,
  /\bslow readers?\b/i,
  /\boutlets?\b/i,
  /\btrunks?\b/i,
  /\bstrangers?\b/i,
];

/** Sentences that begin with a fused relative. A question may. */
const FUSED = /^["“(]?(?:Who|Whom|Whose|What|Whoever|Whatever)\b/;

const DIRECTIVE = /https?:\/\/|oxlint-disable|biome-ignore|@ts-|eslint-|v8 ignore|@vite-ignore/;

const root = fileURLToPath(new URL("../", import.meta.url));
const given = process.argv.slice(2);
const tracked = execFileSync(
  "git",
  ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ...given],
  {
    cwd: root,
    encoding: "utf8",
  },
).split("\0");

/** Its own list of phrases would be found. */
const EXEMPT = /^scripts\/prose\.mjs$|^docs\/decisions\/|CHANGELOG\.md$|^\.changeset\/|(^|\/)LICENSE/;

const findings = [];
let files = 0;
for (const path of tracked) {
  if (EXEMPT.test(path) || !/\.(?:[cm]?[jt]s|tsx|md)$/.test(path)) continue;
  let text;
  try {
    text = readFileSync(`${root}${path}`, "utf8");
  } catch {
    // A file that was removed and not committed yet.
    continue;
  }
  files += 1;
  const report = (line, message) => findings.push(`${path}:${line}: ${message}`);
  if (path.endsWith(".md")) checkDocument(text, report);
  else checkSource(path, text, report);
}

for (const finding of findings) console.log(finding);
if (files === 0) console.error("no file to check");
console.log(`${files} files, ${findings.length} findings`);
process.exitCode = findings.length > 0 || files === 0 ? 1 : 0;

function checkSource(path, text, report) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const lineOf = (position) => source.getLineAndCharacterOfPosition(position).line + 1;
  for (const { pos, end } of commentsIn(source, text)) {
    const comment = text.slice(pos, end);
    const first = lineOf(pos);
    for (const [index, line] of text
      .slice(text.lastIndexOf("\n", pos) + 1, end)
      .split("\n")
      .entries())
      if (line.length > WIDTH && !DIRECTIVE.test(line))
        report(first + index, `comment line of ${line.length} columns, at most ${WIDTH}`);
    if (DIRECTIVE.test(comment)) continue;
    const prose = comment.replaceAll(/^\s*(?:\/\*\*?|\*\/|\*|\/\/)|\*\/$/gm, "");
    checkProse(prose, (offset) => first + prose.slice(0, offset).split("\n").length - 1, report, true);
  }
  const walk = (node) => {
    // Prose has a space; what has none is a name.
    if (isText(node) && node.text.includes(" "))
      checkProse(node.text, () => lineOf(node.getStart(source)), report, false);
    ts.forEachChild(node, walk);
  };
  walk(source);
}

function isText(node) {
  return (
    ts.isStringLiteralLike(node) ||
    node.kind === ts.SyntaxKind.TemplateHead ||
    node.kind === ts.SyntaxKind.TemplateMiddle ||
    node.kind === ts.SyntaxKind.TemplateTail ||
    ts.isJsxText(node)
  );
}

/** Every comment of a source, once. Line comments that follow each other are one comment. */
function commentsIn(source, text) {
  const found = new Map();
  const add = (ranges) => {
    for (const range of ranges ?? []) found.set(range.pos, range.end);
  };
  const walk = (node) => {
    if (!ts.isJsxText(node)) {
      add(ts.getLeadingCommentRanges(text, node.getFullStart()));
      add(ts.getTrailingCommentRanges(text, node.getEnd()));
    }
    for (const child of node.getChildren(source)) walk(child);
  };
  walk(source);
  const comments = [];
  for (const [pos, end] of [...found].sort(([one], [other]) => one - other)) {
    const last = comments.at(-1);
    if (last && text.startsWith("//", pos) && /^[ \t]*\n[ \t]*$/.test(text.slice(last.end, pos)))
      last.end = end;
    else comments.push({ pos, end });
  }
  return comments;
}

/** Code is left out of a document; a cell of a table that is no sentence may begin with "What". */
function checkDocument(text, report) {
  const blank = (code) => code.replaceAll(/[^\n]/g, " ");
  const prose = text.replaceAll(/^(?:```|~~~)[\s\S]*?^(?:```|~~~)/gm, blank).replaceAll(/`[^`\n]*`/g, blank);
  for (const [index, line] of prose.split("\n").entries()) {
    const heading = line.startsWith("#");
    for (const cell of line.replace(/^[\s>*#-]+/, "").split("|"))
      checkProse(cell.trim(), () => index + 1, report, !heading && /[.:]$/.test(cell.trim()));
  }
}

function checkProse(prose, lineOf, report, sentences) {
  for (const phrase of PHRASES) {
    const match = phrase.exec(prose);
    if (match) report(lineOf(match.index), `"${match[0]}" is not a term of this project`);
  }
  if (!sentences) return;
  for (const match of prose.matchAll(/(?:^|(?<=[.:!?]\s))\s*([^\s][\s\S]*?)(?=[.:!?](?:\s|$)|$)([.:!?]?)/g)) {
    const [, sentence = "", end] = match;
    if (FUSED.test(sentence) && end !== "?")
      report(
        lineOf(match.index + match[0].indexOf(sentence)),
        `a sentence begins with "${sentence.split(/\s+/).slice(0, 4).join(" ")} …"`,
      );
  }
}
