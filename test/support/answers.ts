import { isMap, isScalar, parseDocument } from 'yaml';

/** An option's path, and what a human says to its question; undefined takes the option out. */
export type Answers = Readonly<Record<string, unknown>>;

/**
 * The proposed configuration with the marked questions answered.
 * @throws Error for an answer to what is not marked: nobody has asked that.
 */
export function answered(proposed: string, answers: Answers): string {
  const document = parseDocument(proposed);
  const marked = questionsIn(proposed);
  for (const [option, answer] of Object.entries(answers)) {
    if (!marked.includes(option)) throw new Error(`${option} is no question; there are ${marked.join(', ')}`);
    const path = option.split('.');
    if (answer === undefined) document.deleteIn(path);
    else document.setIn(path, answer);
  }
  return document.toString();
}

/** The options that are marked as questions, be they in effect or only shown: `operators.rows`. */
export function questionsIn(proposed: string): string[] {
  const lines = proposed.split('\n');
  return lines.flatMap((line, index) => {
    const [, indent] = /^( *)# QUESTION \d+: /.exec(line) ?? [];
    if (indent === undefined) return [];
    const parents = parentsOf(lines.slice(0, index), indent.length);
    // The question goes on in lines that are indented; below it stands the option, shown or in effect.
    const option = lines.slice(index + 1).find((each) => !each.startsWith(`${indent}#   `)) ?? '';
    return [[...parents, keyOf(option.trim().replace(/^# (or )?/, ''))].join('.')];
  });
}

function parentsOf(before: readonly string[], depth: number): string[] {
  const parents: string[] = [];
  let above = depth;
  for (const line of before.toReversed()) {
    const indent = line.length - line.trimStart().length;
    if (line.trim() === '' || line.trimStart().startsWith('#') || indent >= above) continue;
    parents.unshift(keyOf(line));
    above = indent;
    if (indent === 0) break;
  }
  return parents;
}

function keyOf(line: string): string {
  const { contents } = parseDocument(line.trim());
  const key = isMap(contents) ? contents.items[0]?.key : undefined;
  return isScalar(key) ? String(key.value) : '[]';
}
