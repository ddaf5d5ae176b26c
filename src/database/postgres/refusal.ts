import { OnecardError } from '../../errors.js';
import { isDriverError } from '../driver-error.js';
import { kindOfFailure } from '../failure-kinds.js';
import { described } from '../failures.js';
import { LeftOut, Refused } from '../script/loader.js';
import { forgiven } from './dump-rules.js';

/** What a refused statement comes to: nothing where it may be left out. */
export async function refusedStatement(error: unknown, statement: string): Promise<LeftOut> {
  const code = codeOf(error);
  const forgivenAs = code !== undefined && forgiven({ code, statement });
  if (forgivenAs) return new LeftOut(forgivenAs.what);
  throw await refusal(error, (of) => linesBefore(statement, told(of, 'position')));
}

/** @param linesBelow of the row that the server calls its first. */
export function refusedRows(error: unknown, linesBelow = 0): Promise<Error> {
  return refusal(error, (of) => linesBelow + rowNumber(told(of, 'where')) - 1);
}

/** Whatever says nothing about the statement, such as a lost connection, is passed on as elsewhere. */
async function refusal(error: unknown, linesBelow: (error: Error) => number): Promise<Error> {
  if (!(error instanceof Error) || error instanceof OnecardError) throw error;
  const code = codeOf(error);
  if (code === undefined || kindOfFailure(error) === 'lost') {
    await described(() => Promise.reject(error));
  }
  const remedy = REMEDIES[code ?? ''];
  return new Refused(error.message, {
    linesBelow: linesBelow(error),
    ...(remedy !== undefined && { remedy }),
    cause: error,
  });
}

const REMEDIES: Readonly<Record<string, string>> = {
  '42501':
    'Load it as a role that may do so: a superuser of the scratch server, or the owner of its database.',
  '53100': 'Make space on the scratch server, then rehearse again.',
  '0A000': 'Load it into a server of the version that the dump is from, with the same extensions.',
  '58P01': 'Load it into a server of the version that the dump is from, with the same extensions.',
  '42601': 'The dump may be of a newer server: load it into one that is at least as new.',
};

/** What PostgreSQL says beside its words. */
function told(error: Error, detail: 'position' | 'where'): string | undefined {
  const value: unknown = detail in error ? Object.getOwnPropertyDescriptor(error, detail)?.value : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** Of `COPY person, line 3, column id: "x"`, in the language of the server. */
const rowNumber = (where = '') => Number(/^.*?, \D+(\d+)/.exec(where)?.[1] ?? 1);

const codeOf = (error: unknown) => (isDriverError(error) ? error.code : undefined);

/** @param position of the character, from 1. */
function linesBefore(statement: string, position: string | undefined): number {
  if (position === undefined) return 0;
  const characters = Number(position) - 1;
  let lines = 0;
  let seen = 0;
  for (const character of statement) {
    if (seen === characters) break;
    if (character === '\n') lines++;
    seen++;
  }
  return lines;
}
