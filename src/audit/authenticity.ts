import type { Database } from '../database/database.js';
import { RunTable } from '../journal/journal.js';
import { RollbackTable } from '../journal/rollbacks.js';
import type { Header } from './header.js';
import type { Inspection } from './inspect.js';
import { linesOf } from './reading.js';
import { RollbackSource } from './rollback-source.js';
import { runSourceOf } from './run-source.js';
import { ReportReader } from './source.js';

/** What the journal says of a file. */
export interface Held {
  readonly isAuthentic: boolean;
  /** Why it is not, as a sentence. */
  readonly text: string | null;
  /** The first line that the journal would have written in another way. */
  readonly line: number | null;
}

const no = (text: string, line: number | null = null): Held => ({ isAuthentic: false, text, line });

/** Holds a file that is consistent in itself against the journal, whose runs keep the last links of their reports. */
export async function holdAgainstJournal(
  database: Database,
  path: string,
  { head, withheld }: Inspection,
  header: Header,
): Promise<Held> {
  const place = `the journal of ${database.identity.database}`;
  if (!(await database.hasJournal())) return no(`There is no journal in ${database.identity.database}.`);
  const run = await database.transaction((session) => new RunTable(database).find(session, header.run));
  if (run === undefined) return no(`${capital(place)} knows no run ${header.run}.`);
  const rollbacks = await database.transaction((session) => new RollbackTable(database).of(session, run));
  const rollback = rollbacks.find(({ number }) => number === header.rollback);
  if (header.kind === 'rollback' && rollback === undefined)
    return no(`${capital(place)} knows no rollback ${header.rollback} of run ${run.id}.`);
  const known = header.kind === 'rollback' ? (rollback?.auditHead ?? null) : run.auditHead;
  if (known === null)
    return no(`The run ${run.id} is not at its end: ${place} holds no head of its report yet.`);
  // A withheld line leaves the head as it is: whether the journal has purged it, its lines alone tell.
  if (known === head && withheld.length === 0) return { isAuthentic: true, text: null, line: null };
  const source =
    header.kind === 'rollback' && rollback !== undefined
      ? new RollbackSource(database, run, rollback)
      : await runSourceOf(database, run);
  const difference = await firstDifference(new ReportReader(database, source), path);
  if (difference?.kind === 'withheld')
    return no(
      `Line ${difference.line} is withheld, while ${place} holds it: it was taken out of the file.`,
      difference.line,
    );
  if (difference !== null)
    return no(
      `Line ${difference.line} is not what ${place} holds: the file was written anew.`,
      difference.line,
    );
  if (known === head) return { isAuthentic: true, text: null, line: null };
  return no(
    `${capital(place)} does not fit the head that it holds itself: \`onecard verify\` names what was altered there.`,
  );
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

interface Difference {
  /** Counted from 1. */
  readonly line: number;
  readonly kind: 'other' | 'withheld';
}

/**
 * Null where there is none. Where the file still has what the journal has purged since, their links are the same: each
 * stands for all the lines up to it.
 */
async function firstDifference(reader: ReportReader, path: string): Promise<Difference | null> {
  const expected = reader.all()[Symbol.asyncIterator]();
  let line = 0;
  for await (const { number, bytes } of linesOf(path)) {
    line = number;
    const next = await expected.next();
    if (next.done === true || endOf(next.value.trimEnd()) !== endOf(bytes.toString('utf8')))
      return { line, kind: 'other' };
    if (isWithheldText(bytes.toString('utf8')) && !isWithheldText(next.value))
      return { line, kind: 'withheld' };
  }
  return (await expected.next()).done === true ? null : { line: line + 1, kind: 'other' };
}

/** The link at its end. */
const endOf = (line: string) => line.slice(-'"}'.length - 64);

const isWithheldText = (line: string) => /^\{"line":\d+,"kind":"withheld",/.test(line);
