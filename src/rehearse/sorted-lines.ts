import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { linesIn } from '../file-lines.js';
import { PrivateFile } from '../private-file.js';
import { type BaselineLine, baselineText, inBaselineOrder, parseBaselineLine } from './baseline-file.js';

/** So many lines take about 6 MB; more in one piece make the heap grow for good. */
const AT_ONCE = 20_000;

/**
 * The same lines in the order of a baseline, however many: what memory should not hold waits in files in between,
 * which are gone afterwards.
 * @param folder for these files: of this user alone.
 */
export async function* sortedLines(
  lines: AsyncIterable<BaselineLine>,
  folder: string,
  atOnce = AT_ONCE,
): AsyncIterable<BaselineLine> {
  const parts = await mkdtemp(join(folder, 'sorting-'));
  try {
    const files: string[] = [];
    let held: BaselineLine[] = [];
    for await (const line of lines) {
      held.push(line);
      if (held.length < atOnce) continue;
      files.push(await putAway(held, join(parts, String(files.length))));
      held = [];
    }
    held.sort(inBaselineOrder);
    yield* merged([...files.map(readAgain), inTurn(held)]);
  } finally {
    await rm(parts, { recursive: true, force: true });
  }
}

async function putAway(lines: BaselineLine[], path: string): Promise<string> {
  lines.sort(inBaselineOrder);
  await PrivateFile.fill(
    path,
    (function* () {
      for (const line of lines) yield `${baselineText(line)}\n`;
    })(),
  );
  return path;
}

async function* readAgain(path: string): AsyncGenerator<BaselineLine> {
  const spoiled = () => new Error(`${path} is not as it was written`);
  for await (const { bytes } of linesIn(createReadStream(path), spoiled)) {
    const line = parseBaselineLine(bytes.toString());
    if (line === undefined) throw spoiled();
    yield line;
  }
}

async function* inTurn(lines: readonly BaselineLine[]): AsyncGenerator<BaselineLine> {
  yield* lines;
}

async function* merged(sources: readonly AsyncGenerator<BaselineLine>[]): AsyncIterable<BaselineLine> {
  const heads: { line: BaselineLine; source: AsyncGenerator<BaselineLine> }[] = [];
  try {
    for (const source of sources) {
      const { value, done } = await source.next();
      if (!done) heads.push({ line: value, source });
    }
    for (let least = leastOf(heads); least !== undefined; least = leastOf(heads)) {
      yield least.line;
      const { value, done } = await least.source.next();
      if (done) heads.splice(heads.indexOf(least), 1);
      else least.line = value;
    }
  } finally {
    // Where nobody wants the rest, files are still open.
    for (const source of sources) await source.return(undefined);
  }
}

function leastOf<T extends { readonly line: BaselineLine }>(heads: readonly T[]): T | undefined {
  let [least] = heads;
  for (const head of heads) if (least && inBaselineOrder(head.line, least.line) < 0) least = head;
  return least;
}
