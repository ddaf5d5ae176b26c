import { nearest } from '../config/nearest.js';
import { DECISION_WORDS, type DecisionWord, type FilledLine } from '../model/human-decision.js';
import { type DecisionProblem, inQuotes, type ProblemKind, WORDS_IN_PROSE } from './problems.js';

/** A line that holds a decision, with the keys as they stand in their cells. */
export interface DecisionLine {
  readonly row: number;
  readonly operator: string;
  /** Undefined where it is none. */
  readonly word: DecisionWord | undefined;
  readonly person: string | null;
  readonly who: string;
  readonly note: string;
}

/** What the lines say by themselves, before any database is asked. */
export interface ReadLines {
  readonly decided: readonly DecisionLine[];
  /** Lines without a decision. */
  readonly open: number;
  readonly problems: readonly DecisionProblem[];
}

/** In characters; longer than any name or reason, and short enough for one statement to hold thousands of them. */
const LONGEST = { operator: 255, person: 255, who: 200, note: 1000 } as const;

export function readLines(lines: readonly FilledLine[]): ReadLines {
  const problems: DecisionProblem[] = [];
  const decided: DecisionLine[] = [];
  let open = 0;
  for (const line of lines) {
    const { operator, decision, person } = line.cells;
    const complain = (kind: ProblemKind, text: string) =>
      problems.push({ row: line.row, operator, kind, text });
    const isEmpty = decision.trim() === '' && person.trim() === '';
    if (operator.trim() === '') {
      if (!isEmpty) complain('no-operator', 'There is a decision, but the operator is left empty.');
    } else if (isEmpty) open++;
    else {
      const read = readLine(line, complain);
      if (read !== undefined) decided.push(read);
    }
  }
  return { decided, open, problems };
}

type Complain = (kind: ProblemKind, text: string) => void;

/** Undefined where no statement could hold it. */
function readLine({ row, cells }: FilledLine, complain: Complain): DecisionLine | undefined {
  const { operator } = cells;
  const who = cells.who.trim();
  const note = cells.note.trim();
  const person = cells.person.trim() === '' ? null : cells.person;
  const word = readWord(cells.decision, complain);
  if (who === '') complain('no-who', 'It is not said who decided.');
  const long = Object.entries(LONGEST).find(
    ([column, length]) => cells[column as keyof typeof LONGEST].length > length,
  );
  if (long !== undefined) complain('too-long', `${long[0]} is longer than ${long[1]} characters.`);
  if (long !== undefined) return undefined;
  if (word === 'link' && person === null)
    complain('no-person', 'link needs the key of a person in the column person.');
  if (word !== 'link' && word !== undefined && person !== null)
    complain('needless-person', `${word} takes no person, but ${inQuotes(person)} is named.`);
  return { row, operator, word, person: word === 'link' ? person : null, who, note };
}

function readWord(cell: string, complain: Complain): DecisionWord | undefined {
  const text = cell.trim().toLowerCase();
  const word = DECISION_WORDS.find((each) => each === text);
  if (word !== undefined) return word;
  if (text === '') {
    complain('no-decision', 'A person is named, but the decision is left empty.');
    return undefined;
  }
  const close = nearest(text, DECISION_WORDS);
  const remedy = close === undefined ? `: it has to be ${WORDS_IN_PROSE}.` : `; did you mean ${close}?`;
  complain('unknown-decision', `${inQuotes(cell.trim())} is no decision${remedy}`);
  return undefined;
}

/** What acts is written as an escape, and blanks get lost or come in: all that a cell may stand for. */
export function spellingsOf(cell: string): string[] {
  const unescaped = cell.replace(
    /\\x([01][0-9a-f]|[789][0-9a-f])|\\u\{(20(?:2[a-e]|6[6-9]))\}/g,
    (_, control: string | undefined, direction: string) =>
      String.fromCodePoint(Number.parseInt(control ?? direction, 16)),
  );
  return [...new Set([cell, cell.trim(), unescaped])].filter((text) => !text.includes('\0'));
}
