import type { Layout } from '../config/layout.js';
import { REASONS } from '../model/decision.js';
import type { HumanDecision } from '../model/human-decision.js';
import type { Facts, OperatorFacts } from './facts.js';
import { type DecisionLine, spellingsOf } from './lines.js';
import { type DecisionProblem, inQuotes, type ProblemKind } from './problems.js';

/** Holds line after line against the facts, and against the lines before it. */
export class Judgement {
  readonly problems: DecisionProblem[] = [];
  known = 0;
  readonly #facts: Facts;
  readonly #rowOfOperator = new Map<string, number>();
  readonly #rowOfPerson = new Map<string, number>();
  readonly #link: string;

  constructor(facts: Facts, layout: Layout) {
    this.#facts = facts;
    this.#link = layout.configuration.operators.link;
  }

  /** @returns what is to be taken; undefined where there is a problem, or where it was taken already. */
  judge(line: DecisionLine): HumanDecision | undefined {
    const before = this.problems.length;
    const facts = this.#operator(line);
    const person = line.word === 'link' ? this.#person(line) : null;
    if (facts === undefined || line.word === undefined) return undefined;
    if (line.word === 'link' && person === null) return undefined;
    const { word, who, note } = line;
    const decision = { operator: facts.operator, word, person, who, note };
    if (this.#isKnown(decision)) {
      this.known++;
      return undefined;
    }
    this.#judgeOperator(line, facts);
    if (person !== null) this.#judgePerson(line, facts.operator, person);
    return this.problems.length > before ? undefined : decision;
  }

  #operator(line: DecisionLine): OperatorFacts | undefined {
    const facts = find(this.#facts.operators, line.operator);
    if (facts === undefined) {
      this.#complain(
        line,
        'unknown-operator',
        `There is no operator ${inQuotes(line.operator)}${hint(line.operator)}.`,
      );
      return undefined;
    }
    const earlier = this.#rowOfOperator.get(facts.operator);
    if (earlier !== undefined) {
      this.#complain(
        line,
        'repeated-operator',
        `The operator ${inQuotes(facts.operator)} is in row ${earlier} already.`,
      );
      return undefined;
    }
    this.#rowOfOperator.set(facts.operator, line.row);
    return facts;
  }

  #person(line: DecisionLine): string | null {
    if (line.person === null) return null;
    const facts = find(this.#facts.persons, line.person);
    if (facts === undefined) {
      this.#complain(
        line,
        'unknown-person',
        `There is no person ${inQuotes(line.person)}${hint(line.person)}.`,
      );
      return null;
    }
    const earlier = this.#rowOfPerson.get(facts.person);
    if (earlier !== undefined)
      this.#complain(
        line,
        'person-twice',
        `The person ${inQuotes(facts.person)} is given to the operator in row ${earlier} already.`,
      );
    this.#rowOfPerson.set(facts.person, earlier ?? line.row);
    return facts.person;
  }

  /** What an earlier run has taken, word for word, is no news: it may have been carried out by now. */
  #isKnown({ operator, word, person }: HumanDecision): boolean {
    const remembered = this.#facts.remembered.get(operator);
    if (word === 'undecided') return remembered === undefined || remembered.word === word;
    return remembered !== undefined && remembered.word === word && remembered.person === person;
  }

  #judgeOperator(line: DecisionLine, { operator, decision, reason, person, misfit }: OperatorFacts): void {
    if (line.word === 'undecided') return;
    if (decision === 'linked')
      this.#complain(
        line,
        'linked-by-now',
        `The operator ${inQuotes(operator)} is linked to the person ${inQuotes(person ?? '')} by now.`,
      );
    else if (reason === 'broken-link')
      this.#complain(
        line,
        'broken-link',
        `The link of the operator ${inQuotes(operator)} leads to a person that does not exist: the application has to empty ${this.#link} first.`,
      );
    else if (decision === 'skip')
      this.#complain(
        line,
        'not-under-review',
        `The operator ${inQuotes(operator)} is not under review: ${REASONS[reason]}.`,
      );
    else if (line.word === 'create' && misfit !== null) this.refuseCard(line, misfit);
  }

  /** @param misfit a JSON array [column, value, problem]. */
  refuseCard(line: DecisionLine, misfit: string): void {
    const [column, value, problem] = JSON.parse(misfit) as [string, string | null, string];
    this.#complain(
      line,
      'does-not-fit',
      `A new card cannot hold ${column} ${inQuotes(value ?? '')}: ${problem}.`,
    );
  }

  #judgePerson(line: DecisionLine, operator: string, person: string): void {
    const { operators } = this.#facts.persons.get(person) ?? { operators: null };
    if (operators !== null) {
      this.#complain(
        line,
        'person-linked',
        `The person ${inQuotes(person)} is linked to the operator ${inQuotes(operators)} by now.`,
      );
      return;
    }
    const claim = this.#facts.claimed.get(person);
    if (claim === undefined || claim.operator === operator || this.#isDecidedHere(claim.operator)) return;
    this.#complain(
      line,
      'person-claimed',
      `The person ${inQuotes(person)} was given to the operator ${inQuotes(claim.operator)} by ${inQuotes(claim.who)} (run ${claim.run}), who is not linked yet: decide that one anew, too, or take it back with undecided.`,
    );
  }

  #isDecidedHere(operator: string): boolean {
    return this.#facts.operators.has(operator);
  }

  #complain({ row, operator }: DecisionLine, kind: ProblemKind, text: string): void {
    this.problems.push({ row, operator, kind, text });
  }
}

function find<T>(facts: ReadonlyMap<string, T>, cell: string): T | undefined {
  for (const spelling of spellingsOf(cell)) {
    const found = facts.get(spelling);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Spreadsheets rewrite what looks like a number or a date to them. */
function hint(key: string): string {
  return /^\d+[.,]?\d*E\+?\d+$/i.test(key.trim()) || /^\d{16,}$/.test(key.trim())
    ? '; a spreadsheet has rewritten a long number: import the column as text'
    : '';
}
