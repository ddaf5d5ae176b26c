import type { Configuration } from '../../../model/configuration.js';
import { type Evidence, MAX_CANDIDATES, type PlannedOperator } from '../../../model/decision.js';
import { countOf, formatCount } from '../amounts.js';
import { padded } from '../layout.js';
import { printable, quotedWithin } from '../printable.js';
import { type DiffContext, linkColumn, say, sentence } from './context.js';

const SHOWN_CANDIDATES = 3;
/** Enough to recognise a value in a sentence. */
const VALUE_IN_PROSE = 48;

/** What speaks for and against the decision. */
export function evidenceLines(planned: PlannedOperator, context: DiffContext): string[] {
  const lines = planned.evidence.flatMap((item) =>
    sentence('persons' in item || 'decided' in item ? 'plain' : 'warning', wordsFor(item), context),
  );
  if (planned.reason !== 'broken-link' || planned.person === null) return lines;
  const words = brokenLinkWords(planned.person, context.configuration);
  return [...sentence('warning', words, context), ...lines];
}

/** The same in one text, for a cell. */
export function evidenceText(
  { evidence, reason, person }: Pick<PlannedOperator, 'evidence' | 'reason' | 'person'>,
  configuration: Configuration,
): string {
  const brokenLink =
    reason === 'broken-link' && person !== null ? [brokenLinkWords(person, configuration).join(' ')] : [];
  return [...brokenLink, ...evidence.map((item) => wordsFor(item).join(' '))].join('; ');
}

function brokenLinkWords(person: string, configuration: Configuration): string[] {
  return [linkColumn(configuration), 'holds', `${printable(person)},`, ...say('but there is no such person')];
}

function wordsFor(evidence: Evidence): string[] {
  const value = (text: string) => quotedWithin(text, VALUE_IN_PROSE);
  if ('problem' in evidence) {
    const { column, value: refused, problem } = evidence;
    return [printable(column), value(refused), ...say(`— ${printable(problem)}`)];
  }
  if ('persons' in evidence) {
    return [printable(evidence.key), value(evidence.value), ...say(whoHasTheSame(evidence))];
  }
  if ('decided' in evidence) return say(decidedText(evidence));
  const { key, operator, person } = evidence;
  return [printable(key), ...say('differs: operator'), `${value(operator)},`, 'person', value(person)];
}

/** `link, decided by Anna: note` */
export function decidedText({ decided, who, note }: Extract<Evidence, { decided: unknown }>): string {
  return printable(`${decided}, decided by ${who}${note === '' ? '' : `: ${note}`}`);
}

function whoHasTheSame({ persons, operators }: { persons: number; operators: number }): string {
  const others = operators - 1;
  const who = [
    ...(persons > 0 ? [countOf(persons, 'person')] : []),
    ...(others > 0 ? [countOf(others, 'other operator')] : []),
  ];
  return who.length === 0 ? 'is on nobody else' : `is the same on ${who.join(' and ')}`;
}

/** The persons a human chooses from. */
export function candidateLines(planned: PlannedOperator, context: DiffContext): string[] {
  const { candidates, candidateCount } = planned;
  const shown = candidates.slice(0, SHOWN_CANDIDATES);
  const more = candidateCount - shown.length;
  // Beyond the candidates that a decision keeps, their number is only a lower bound.
  const atLeast = candidateCount > MAX_CANDIDATES ? 'at least ' : '';
  const label = candidateCount === 1 ? 'candidate:' : 'candidates:';
  const list = [...shown.map(printable), ...(more > 0 ? [`and ${atLeast}${formatCount(more)} more`] : [])];
  return list.flatMap((text, index) =>
    sentence('plain', [padded(index === 0 ? label : '', label.length), ...say(text)], context),
  );
}
