import { bodyOf, digestOf, NO_LINK, nextLink, withheld } from './chain.js';
import { type FileLine, linesOf, noReport } from './reading.js';

/** The first line that is not as it was written, and what became of it. */
export interface Problem {
  /** Of the file as it is, counted from 1. */
  readonly line: number;
  readonly kind: 'altered' | 'removed' | 'added' | 'reordered' | 'cut short' | 'miscounted';
  /** A sentence. */
  readonly text: string;
}

/** What a report says of itself in its first line. */
export interface Header {
  readonly kind: 'run' | 'rollback' | 'plan';
  readonly run: string;
  /** The number of the rollback, of the report of one. */
  readonly rollback: number | null;
  /** Pseudonyms stand in it: no journal has its head. */
  readonly redacted: boolean;
  /** The kind of server, and the database. */
  readonly database: { readonly kind: string; readonly database: string };
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

/** A line that looks like one of a report. */
interface Parsed {
  readonly body: Buffer;
  readonly link: string;
  readonly value: Record<string, unknown>;
}

const END = /^,"chain":"([0-9a-f]{64})"\}$/;
const END_LENGTH = ',"chain":""}'.length + 64;

function parse({ bytes }: FileLine): Parsed | undefined {
  const link = END.exec(bytes.subarray(-END_LENGTH).toString('latin1'))?.[1];
  if (link === undefined) return undefined;
  const body = bytes.subarray(0, -END_LENGTH);
  try {
    return { body, link, value: JSON.parse(`${body.toString('utf8')}}`) };
  } catch {
    return undefined;
  }
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

/** A transfer that converts texts leaves one on every line: what they were can still be seen. */
function withoutReturn(line: FileLine): FileLine {
  return endsWithReturn(line) ? { ...line, bytes: line.bytes.subarray(0, -1) } : line;
}

const endsWithReturn = ({ bytes }: FileLine) => bytes.at(-1) === 0x0d;

const isWithheld = ({ value }: Parsed) => value['kind'] === 'withheld';

function fits(parsed: Parsed, before: string, { number }: FileLine): boolean {
  return parsed.value['line'] === number && isBoundTo(before, parsed, number);
}

/** @param number of the line, which is in its digest, too. */
function isBoundTo(before: string, parsed: Parsed, number: number): boolean {
  const { body, link, value } = parsed;
  const claimed = bodyStart(value['line']);
  if (!body.subarray(0, claimed.length).equals(Buffer.from(claimed))) return false;
  const rest = body.subarray(claimed.length);
  if (!isWithheld(parsed))
    return nextLink(before, digestOf(Buffer.concat([Buffer.from(bodyStart(number)), rest]))) === link;
  // Its digest stands for another line: nothing else binds what such a line says besides.
  const digest = String(value['digest']);
  return (
    rest.equals(Buffer.from(bodyOf(number, withheld(digest)).slice(bodyStart(number).length))) &&
    nextLink(before, digest) === link
  );
}

const bodyStart = (number: unknown) => `{"line":${number},`;

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

const KINDS: readonly unknown[] = ['run', 'rollback', 'plan'] satisfies Header['kind'][];
const isKind = (kind: unknown): kind is Header['kind'] => KINDS.includes(kind);

function readHeader({ kind, run, rollback, redacted, database }: Record<string, unknown>): Header | null {
  if (!isKind(kind) || typeof run !== 'string' || typeof database !== 'object' || database === null)
    return null;
  const named = Object(database);
  return {
    kind,
    run,
    rollback: typeof rollback === 'number' ? rollback : null,
    redacted: redacted === true,
    database: { kind: String(named.kind), database: String(named.database) },
  };
}

/** What a summary has to say of the lines before it. */
class Counts {
  #operators = 0;
  readonly #totals = new Map<string, number>();

  add(value: Record<string, unknown>): void {
    if (value['kind'] !== 'operator') return;
    this.#operators++;
    const change: unknown = value['change'];
    const state = change instanceof Object && 'state' in change ? change.state : undefined;
    const outcome = String(state ?? value['state'] ?? value['decision']);
    this.#totals.set(outcome, (this.#totals.get(outcome) ?? 0) + 1);
  }

  /** A withheld line is counted, but not what it was about. */
  problemOf(summary: Record<string, unknown>, line: number, withheld: number): Problem | null {
    const differs = (what: string, said: unknown, found: number): Problem => ({
      line,
      kind: 'miscounted',
      text: `The closing summary, line ${line}, says ${said ?? 'no'} ${what}, and there are ${found}.`,
    });
    const operators = this.#operators + withheld;
    if (summary['operators'] !== operators) return differs('operators', summary['operators'], operators);
    const totals = new Map<string, unknown>(Object.entries(Object(summary['totals'])));
    for (const outcome of new Set([...this.#totals.keys(), ...totals.keys()])) {
      const found = this.#totals.get(outcome) ?? 0;
      const said = Number(totals.get(outcome) ?? 0);
      if (!(said >= found && said <= found + withheld)) return differs(outcome, totals.get(outcome), found);
    }
    return null;
  }
}
