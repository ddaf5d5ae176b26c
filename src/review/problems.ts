import { OnecardError } from '../errors.js';
import { DECISION_WORDS } from '../model/human-decision.js';

/** What can be wrong with a line of a decisions file; scripts rely on these names. */
export type ProblemKind =
  | 'no-operator'
  | 'unknown-operator'
  | 'repeated-operator'
  | 'linked-by-now'
  | 'not-under-review'
  | 'broken-link'
  | 'no-decision'
  | 'unknown-decision'
  | 'no-person'
  | 'needless-person'
  | 'unknown-person'
  | 'person-linked'
  | 'person-claimed'
  | 'person-twice'
  | 'no-who'
  | 'too-long'
  | 'does-not-fit';

/** One thing to correct in a decisions file. */
export interface DecisionProblem {
  /** As a spreadsheet counts it: the line of names is row 1. */
  readonly row: number;
  readonly operator: string;
  readonly kind: ProblemKind;
  /** A sentence. Holds data as it is: print it with care. */
  readonly text: string;
}

export const inQuotes = (text: string) => JSON.stringify(text);

export const WORDS_IN_PROSE = `${DECISION_WORDS.slice(0, -1).join(', ')} or ${DECISION_WORDS.at(-1)}`;

/** So many problems are in an error; `review --check` lists all. */
const NAMED = 20;

/** @throws OnecardError with exit code 2 that lists what is wrong. */
export function refuseProblems(path: string, problems: readonly DecisionProblem[]): void {
  if (problems.length === 0) return;
  const more = problems.length - NAMED;
  const count = problems.length === 1 ? 'a problem' : `${problems.length.toLocaleString('en')} problems`;
  throw new OnecardError(
    [
      `The decisions file ${path} has ${count}:`,
      ...problems.slice(0, NAMED).map((problem) => `  ${problemText(problem)}`),
      ...(more > 0 ? [`  … and ${more.toLocaleString('en')} more`] : []),
    ].join('\n'),
    { remedy: `Correct the file, and check it with: onecard review --check ${path}. Nothing was written.` },
  );
}

export const problemText = ({ row, text }: DecisionProblem) => `row ${row}: ${text}`;
