import type { Database } from '../database/database.js';
import { RunTable } from '../journal/journal.js';
import { RollbackTable } from '../journal/rollbacks.js';
import type { Header, Inspection } from './inspect.js';
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
  { head }: Inspection,
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
  if (known === head) return { isAuthentic: true, text: null, line: null };
  const source =
    rollback === undefined ? await runSourceOf(database, run) : new RollbackSource(database, run, rollback);
  const line = await firstDifference(new ReportReader(database, source), path);
  return line === null
    ? no(
        `${capital(place)} does not fit the head that it holds itself: \`onecard verify\` names what was altered there.`,
      )
    : no(`Line ${line} is not what ${place} holds: the file was written anew.`, line);
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** Counted from 1; null where there is none. */
async function firstDifference(reader: ReportReader, path: string): Promise<number | null> {
  const expected = reader.all()[Symbol.asyncIterator]();
  let number = 0;
  for await (const line of linesOf(path)) {
    number = line.number;
    const next = await expected.next();
    if (next.done === true || next.value !== `${line.bytes.toString('utf8')}\n`) return number;
  }
  return (await expected.next()).done === true ? null : number + 1;
}
