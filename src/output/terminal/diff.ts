import { FINDINGS, type PlannedOperator, REASONS } from '../../model/decision.js';
import { countOf } from './amounts.js';
import {
  BODY_INDENT,
  type DiffContext,
  GAP,
  HEADER_INDENT,
  linkColumn,
  NARROWEST,
  say,
  sentence,
} from './diff/context.js';
import { candidateLines, decidedText, evidenceLines } from './diff/evidence.js';
import { newCard } from './diff/new-card.js';
import { padded, widthOf, wrap } from './layout.js';
import { brushFor, type Tone } from './look.js';
import { printable, printableWithin } from './printable.js';

export type { DiffContext } from './diff/context.js';

/** What a run will do about one operator, and why, as lines without a final line break. */
export function renderOperator(planned: PlannedOperator, context: DiffContext): string {
  return linesFor(planned, context).join('\n');
}

function linesFor(planned: PlannedOperator, context: DiffContext): string[] {
  switch (planned.action) {
    case 'create':
      return creation(planned, context);
    case 'link':
      return linking(planned, context);
    case 'none':
      return nothing(planned, context);
  }
}

function nothing(planned: PlannedOperator, context: DiffContext): string[] {
  switch (planned.decision) {
    case 'match':
      return matchLeftAlone(planned, context);
    case 'create':
    case 'review':
      return review(planned, context);
    case 'linked':
      return linked(planned, context);
    case 'skip':
      return [oneLine('·', planned, `(${whyLeftOut(planned)})`, `(${planned.reason})`, context)];
  }
}

const decidedAmong = ({ evidence }: PlannedOperator) => evidence.filter((item) => 'decided' in item);

function whyLeftOut(planned: PlannedOperator): string {
  const [decided] = decidedAmong(planned);
  return decided === undefined ? REASONS[planned.reason] : decidedText(decided);
}

function creation(planned: PlannedOperator, context: DiffContext): string[] {
  if (planned.card === null) throw new Error(`The plan holds no card for operator ${planned.operator}.`);
  return [
    ...header('+', 'create', 'good', planned, context),
    ...(planned.candidateCount === 0
      ? evidenceLines({ ...planned, evidence: decidedAmong(planned) }, context)
      : secondCardWarning(planned, context)),
    ...newCard(planned.card, context),
    linkLine('<new>', 'good', context),
  ];
}

/** Where a card is created beside persons who share the operator's keys. */
function secondCardWarning(planned: PlannedOperator, context: DiffContext): string[] {
  const { person, candidateCount, decision } = planned;
  const { onMatch } = context.configuration.policies;
  const cause = decision === 'match' ? `policy onMatch=${onMatch}` : 'a human decision';
  const who = person === null ? countOf(candidateCount, 'person') : `person ${printable(person)}`;
  const verb = person === null && candidateCount !== 1 ? 'exist' : 'exists';
  const warning = `! ${who} ${verb} already: ${cause} adds a second card`;
  return [...sentence('warning', say(warning), context), ...evidenceLines(planned, context)];
}

function linking(planned: PlannedOperator, context: DiffContext): string[] {
  if (planned.person === null) throw new Error(`The plan links operator ${planned.operator} to nobody.`);
  return [
    ...header('~', planned.decision, 'change', planned, context),
    ...evidenceLines(planned, context),
    linkLine(printable(planned.person), 'change', context),
  ];
}

function matchLeftAlone(planned: PlannedOperator, context: DiffContext): string[] {
  const { onMatch } = context.configuration.policies;
  const policy = `nothing will be written: policy onMatch=${onMatch} leaves it to a human`;
  return [
    ...header('?', planned.decision, 'warning', planned, context),
    ...evidenceLines(planned, context),
    ...candidateLines(planned, context),
    ...sentence('plain', say(policy), context),
    ...sentence('plain', say('to link it, and every other match: --on-match link'), context),
  ];
}

function review(planned: PlannedOperator, context: DiffContext): string[] {
  return [
    ...header('?', planned.decision, 'warning', planned, context),
    ...evidenceLines(planned, context),
    ...candidateLines(planned, context),
    ...sentence('plain', say('nothing will be written until a human decides'), context),
  ];
}

function linked(planned: PlannedOperator, context: DiffContext): string[] {
  const person = printable(planned.person ?? '');
  const line = oneLine('=', planned, `person ${person}`, `→ ${person}`, context);
  if (planned.finding === null) return [line];
  const finding = `! ${planned.finding}: ${FINDINGS[planned.finding]}`;
  return [
    line,
    ...sentence('warning', say(finding), context),
    ...evidenceLines(planned, context),
    ...candidateLines(planned, context),
  ];
}

function linkLine(target: string, tone: Tone, { look, configuration }: DiffContext): string {
  const line = `~ ${linkColumn(configuration)}: NULL → ${target}`;
  return ' '.repeat(BODY_INDENT) + brushFor(look)[tone](line);
}

function header(
  mark: string,
  word: string,
  tone: Tone,
  planned: PlannedOperator,
  { look }: DiffContext,
): string[] {
  const brush = brushFor(look);
  const room = look.width - HEADER_INDENT;
  const operator = `operator ${printableWithin(planned.operator, room - widthOf('operator '))}`;
  const name = nameOf(planned, room - GAP - widthOf(operator));
  const first = `${brush[tone](beginning(mark, word))}${brush.strong(name)}  ${operator}`;

  const reason = `(${REASONS[planned.reason]})`;
  const reasonTone = tone === 'warning' ? 'warning' : 'quiet';
  if (widthOf(`${name}  ${operator}  ${reason}`) <= room) return [`${first}  ${brush[reasonTone](reason)}`];
  const below = wrap(reason, room).map((line) => ' '.repeat(HEADER_INDENT) + brush[reasonTone](line));
  return [first, ...below];
}

/**
 * A header alone, for an operator to whom nothing happens. Where it is too wide, `short` stands for `long`, and then
 * the keys are cut.
 */
function oneLine(
  mark: string,
  planned: PlannedOperator,
  long: string,
  short: string,
  { look }: DiffContext,
): string {
  const brush = brushFor(look);
  const start = beginning(mark, planned.decision) + nameOf(planned, (look.width - HEADER_INDENT) / 3);
  const whole = `${start}  operator ${printable(planned.operator)}  ${long}`;
  if (widthOf(whole) <= look.width) return brush.quiet(whole);

  const room = look.width - widthOf(start) - 2 * GAP;
  const key = printableWithin(planned.operator, Math.max(room - widthOf(short), Math.floor(room / 2)));
  return brush.quiet(`${start}  ${key}  ${printableWithin(short, room - widthOf(key))}`);
}

function beginning(mark: string, word: string): string {
  return padded(`${mark} ${word}`, HEADER_INDENT);
}

function nameOf({ name }: PlannedOperator, width: number): string {
  return name.trim() === '' ? '(no name)' : printableWithin(name, Math.max(NARROWEST, width));
}
