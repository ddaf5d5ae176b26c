import { NO_LINK } from './chain.js';
import { Counts } from './counts.js';
import { type Header, readHeader } from './header.js';
import {
  endsWithReturn,
  fits,
  isBoundTo,
  isWithheld,
  type Parsed,
  parse,
  withoutReturn,
} from './parsed-line.js';
import { type FileLine, linesOf, noReport } from './reading.js';

/** The first line that is not as it was written, and what became of it. */
export interface Problem {
  /** Of the file as it is, counted from 1. */
  readonly line: number;
  readonly kind: 'altered' | 'removed' | 'added' | 'reordered' | 'cut short' | 'miscounted';
  /** A sentence. */
  readonly text: string;
}

export interface Inspection {
  /** Null where the first line is not as it was written. */
  readonly header: Header | null;
  readonly lines: number;
  /** Lines that say nothing but their digest. */
  readonly withheld: readonly number[];
  /** The last link: it stands for the whole file. */
  readonly head: string;
  /** Null where the file is consistent in itself. */
  readonly problem: Problem | null;
}

/**
 * Holds a file against itself: each line has to fit the one before, from the header to the summary, and the summary
 * what it sums up. Whoever writes all of it anew passes this.
 * @throws OnecardError where it is no report at all.
 */
export async function inspectFile(path: string): Promise<Inspection> {
  const counts = new Counts();
  const left: number[] = [];
  let header: Header | null = null;
  let link = NO_LINK;
  let lines = 0;
  let isAtEnd = false;
  let looksLikeReport = false;
  let problem: Problem | null = null;
  for await (const line of linesOf(path)) {
    const parsed = parse(line);
    looksLikeReport ||= parse(withoutReturn(line)) !== undefined;
    if (problem !== null) {
      // It is known to be wrong; the rest of it only has to tell whether it is a report.
      if (looksLikeReport) break;
      continue;
    }
    if (isAtEnd) {
      problem = {
        line: line.number,
        kind: 'added',
        text: `Line ${line.number} was added after the closing summary.`,
      };
    } else if (parsed === undefined || !fits(parsed, link, line)) {
      problem = await explain(path, link, line, parsed);
    } else if (!line.isWhole) {
      problem = cutShort(line.number, 'cut short: the file ends without a line break');
    } else {
      lines = line.number;
      link = parsed.link;
      if (line.number === 1) header = readHeader(parsed.value);
      if (isWithheld(parsed)) left.push(line.number);
      else counts.add(parsed.value);
      isAtEnd = parsed.value['kind'] === 'summary';
      if (isAtEnd) problem = counts.problemOf(parsed.value, line.number, left.length);
    }
  }
  if (!looksLikeReport) throw noReport(path);
  if (problem === null && header === null) throw noReport(path);
  if (problem === null && !isAtEnd)
    problem = {
      line: lines,
      kind: 'cut short',
      text: `It ends after line ${lines}, without a closing summary: lines were removed at its end, or its run is not at its end.`,
    };
  return { header, lines, withheld: left, head: link, problem };
}

const cutShort = (line: number, how: string): Problem => ({
  line,
  kind: 'cut short',
  text: `Line ${line} is ${how}.`,
});

/** Its number tells what became of a line that does not fit the one before. */
async function explain(
  path: string,
  before: string,
  line: FileLine,
  parsed: Parsed | undefined,
): Promise<Problem> {
  const { number, isWhole } = line;
  const altered = (why: string): Problem => ({
    line: number,
    kind: 'altered',
    text: `Line ${number} was altered: ${why}.`,
  });
  if (endsWithReturn(line))
    return altered('it ends with a carriage return, as after a transfer that converts texts');
  if (parsed === undefined)
    return isWhole
      ? altered('it is no line of a report')
      : cutShort(number, 'cut short, and with it the file');
  const claimed = parsed.value['line'];
  if (claimed === number || typeof claimed !== 'number') return altered('it does not fit the line before');
  if (isBoundTo(before, parsed, number)) return altered(`it says that it is line ${claimed}`);
  if (claimed < number)
    return {
      line: number,
      kind: 'added',
      text: `Line ${number} was added: it says that it is line ${claimed}, which stands before it.`,
    };
  if (await holds(path, number))
    return {
      line: number,
      kind: 'reordered',
      text: `Line ${number} is not in its place: line ${claimed} stands there.`,
    };
  const last = claimed - 1;
  return {
    line: number,
    kind: 'removed',
    text: last === number ? `Line ${number} was removed.` : `Lines ${number} to ${last} were removed.`,
  };
}

/** Whether there is a line anywhere that says it is this one. */
async function holds(path: string, wanted: number): Promise<boolean> {
  for await (const line of linesOf(path)) if (parse(line)?.value['line'] === wanted) return true;
  return false;
}
