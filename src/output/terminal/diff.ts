import type { CardField, Configuration, Flag, Scalar, TableName } from '../../model/configuration.js';
import {
  type Card,
  type CardValue,
  type Evidence,
  FINDINGS,
  MAX_CANDIDATES,
  type PlannedOperator,
  REASONS,
} from '../../model/decision.js';
import { countOf, formatCount } from './amounts.js';
import { padded, widthOf, wrap } from './layout.js';
import { brushFor, type Look, type Tone } from './look.js';
import { printable, printableWithin, quotedWithin } from './printable.js';

export interface DiffContext {
  readonly look: Look;
  readonly configuration: Configuration;
  /** How the key of a new person comes about, such as `key: next value of person_id_seq`. */
  readonly personKeyNote?: string | undefined;
}

/** Where a header's text begins, so that what follows on the next line stands below the name. */
const HEADER_INDENT = 10;
const BODY_INDENT = 4;
const SHOWN_CANDIDATES = 3;
/** Enough to recognise a value in a sentence. */
const VALUE_IN_PROSE = 48;
const NARROWEST = 12;

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
    case 'linked':
      return linked(planned, context);
    case 'skip':
      return [oneLine('·', planned, `(${REASONS[planned.reason]})`, context)];
    case 'match':
      return matchLeftAlone(planned, context);
    case 'create':
    case 'review':
      return review(planned, context);
  }
}

function creation(planned: PlannedOperator, context: DiffContext): string[] {
  if (planned.card === null) throw new Error(`The plan creates no card for operator ${planned.operator}.`);
  return [
    ...header('+', 'create', 'good', planned, context),
    ...secondCardWarning(planned, context),
    ...newCard(planned.card, context),
    linkLine('<new>', 'good', context),
  ];
}

/** Where a policy creates a card beside a person who shares the operator's keys. */
function secondCardWarning(planned: PlannedOperator, context: DiffContext): string[] {
  if (planned.candidateCount === 0) return [];
  const { onMatch } = context.configuration.policies;
  const policy = planned.decision === 'match' ? `; policy onMatch=${onMatch} adds a second card` : '';
  const person = planned.person === null ? [] : [`${printable(planned.person)}`];
  return [
    ...sentence(
      'warning',
      ['!', ...say('a person exists already:'), ...person, ...say(`(see below)${policy}`)],
      context,
    ),
    ...evidenceLines(planned, context),
  ];
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
  return [
    ...header('?', 'match', 'warning', planned, context),
    ...evidenceLines(planned, context),
    ...candidateLines(planned, context),
    ...sentence(
      'plain',
      say(`nothing will be written: policy onMatch=${onMatch} leaves it to a human`),
      context,
    ),
    ...sentence('plain', say('to link every such operator: --on-match link'), context),
  ];
}

function review(planned: PlannedOperator, context: DiffContext): string[] {
  return [
    ...header('?', planned.decision, 'warning', planned, context),
    ...evidenceLines(planned, context),
    ...candidateLines(planned, context),
    ...sentence('plain', say('nothing will be written: a human decides'), context),
  ];
}

function linked(planned: PlannedOperator, context: DiffContext): string[] {
  const person =
    planned.person === null ? `(${REASONS[planned.reason]})` : `person ${printable(planned.person)}`;
  const line = oneLine('=', planned, person, context);
  if (planned.finding === null) return [line];
  return [
    line,
    ...sentence('warning', ['!', ...say(`${planned.finding}: ${FINDINGS[planned.finding]}`)], context),
    ...evidenceLines(planned, context),
    ...candidateLines(planned, context),
  ];
}

function nameOf(planned: PlannedOperator, width: number): string {
  return planned.name.trim() === '' ? '(no name)' : printableWithin(planned.name, Math.max(NARROWEST, width));
}

function header(
  mark: string,
  word: string,
  tone: Tone,
  planned: PlannedOperator,
  { look }: DiffContext,
): string[] {
  const brush = brushFor(look);
  const start = `${mark} ${padded(word, HEADER_INDENT - 2)}`;
  const operator = `operator ${printableWithin(planned.operator, look.width - HEADER_INDENT - 9)}`;
  const name = nameOf(planned, look.width - HEADER_INDENT - 2 - widthOf(operator));
  const reason = `(${REASONS[planned.reason]})`;
  const reasonTone = tone === 'warning' ? 'warning' : 'quiet';

  const first = `${brush[tone](start)}${brush.strong(name)}  ${operator}`;
  const used = HEADER_INDENT + widthOf(name) + 2 + widthOf(operator);
  if (used + 2 + widthOf(reason) <= look.width) return [`${first}  ${brush[reasonTone](reason)}`];
  const below = wrap(reason, look.width - HEADER_INDENT);
  return [first, ...below.map((line) => ' '.repeat(HEADER_INDENT) + brush[reasonTone](line))];
}

/** A header alone, for operators to whom nothing happens: keys, then the rest, give way to the width. */
function oneLine(mark: string, planned: PlannedOperator, rest: string, { look }: DiffContext): string {
  const start = `${mark} ${padded(planned.decision, HEADER_INDENT - 2)}`;
  const room = look.width - HEADER_INDENT;
  const name = nameOf(planned, room / 3);
  const fixed = widthOf(name) + widthOf('  operator   ');
  const keyRoom = Math.max(NARROWEST + 1, room - fixed - widthOf(rest));
  const key = printableWithin(planned.operator, keyRoom);
  const end = printableWithin(rest, Math.max(NARROWEST, room - fixed - widthOf(key)));
  return brushFor(look).quiet(`${start}${name}  operator ${key}  ${end}`);
}

function linkLine(target: string, tone: Tone, { look, configuration }: DiffContext): string {
  const { table, link } = configuration.operators;
  const line = `~ ${qualified(table)}.${printable(link)}: NULL → ${target}`;
  return ' '.repeat(BODY_INDENT) + brushFor(look)[tone](line);
}

function qualified({ schema, name }: TableName): string {
  return printable(schema === undefined ? name : `${schema}.${name}`);
}

interface FieldLine {
  readonly label: string;
  readonly value: CardValue | Scalar;
  /** Where the value comes from, or what it means. */
  readonly note: string;
  readonly tone: Tone;
  readonly noteTone: Tone;
}

function newCard(card: Card, context: DiffContext): string[] {
  const { look, configuration, personKeyNote } = context;
  const { table, ssp, caller } = configuration.persons;
  const brush = brushFor(look);
  const flags = [ssp.column, caller.column];
  const fields = orderedFields(card, configuration.card).filter(([column]) => !flags.includes(column));
  const empty = fields.filter(([, value]) => value === null || value === '').map(([column]) => column);
  const filled = fields
    .filter(([column]) => !empty.includes(column))
    .map(([column, value]) => filledField(column, value, configuration));

  const note = personKeyNote === undefined ? '' : `  ${brush.quiet(`(${printable(personKeyNote)})`)}`;
  return [
    `${' '.repeat(BODY_INDENT)}${brush.good(`+ ${qualified(table)} <new>`)}${note}`,
    ...fieldLines(
      [
        ...filled,
        flagField(ssp, card, 'no access to the Self-Service Portal'),
        flagField(caller, card, 'cannot be selected as a caller'),
      ],
      leftEmpty(empty, look),
      look,
    ),
  ];
}

/** In the order of the configuration, then what onecard added. */
function orderedFields(card: Card, configured: readonly CardField[]): [column: string, value: CardValue][] {
  const mentioned = configured.map(({ column }) => column);
  const rank = (column: string) =>
    mentioned.includes(column) ? mentioned.indexOf(column) : mentioned.length;
  return Object.entries(card).sort(([one], [other]) => rank(one) - rank(other));
}

function filledField(column: string, value: CardValue, { card, operators }: Configuration): FieldLine {
  const field = card.find((candidate) => candidate.column === column);
  return {
    label: column,
    value,
    note: `← ${sourceOf(field, operators.table)}`,
    tone: 'good',
    noteTone: 'quiet',
  };
}

function sourceOf(field: CardField | undefined, operators: TableName): string {
  if (field === undefined) return 'set by onecard';
  return 'from' in field.source ? printable(`${operators.name}.${field.source.from}`) : 'constant';
}

/** A flag that is not denied would be the very harm a new card must not do: say so, whatever brought it about. */
function flagField({ column, denied }: Flag, card: Card, meaning: string): FieldLine {
  const value = card[column] ?? denied;
  const isDenied = comparable(value) === comparable(denied);
  const note = isDenied ? `denied: ${meaning}` : `NOT DENIED: the denied value is ${String(denied)}`;
  return {
    label: column,
    value,
    note,
    tone: isDenied ? 'strong' : 'bad',
    noteTone: isDenied ? 'strong' : 'bad',
  };
}

/** Databases hold booleans as numbers, and plans hold numbers as text. */
function comparable(value: CardValue | Scalar): string {
  return typeof value === 'boolean' ? String(Number(value)) : String(value);
}

/** One line, however many: an application may have a hundred columns that stay empty. */
function leftEmpty(columns: readonly string[], look: Look): string[] {
  if (columns.length === 0) return [];
  const room = look.width - BODY_INDENT - 4;
  const lineOf = (shown: number) => {
    const names = columns.slice(0, shown).map(printable).join(', ');
    const more = columns.length - shown;
    return `left empty: ${names}${more > 0 ? ` and ${formatCount(more)} more` : ''}`;
  };
  let shown = columns.length;
  while (shown > 1 && widthOf(lineOf(shown)) > room) shown -= 1;
  return [`${' '.repeat(BODY_INDENT + 4)}${brushFor(look).quiet(lineOf(shown))}`];
}

/** The last two lines are the flags; `between` stands above them. */
function fieldLines(fields: readonly FieldLine[], between: readonly string[], look: Look): string[] {
  const start = BODY_INDENT + 4;
  const labelWidth = Math.min(longest(fields.map(({ label }) => printable(label))) + 1, 32);
  const valueAt = start + labelWidth + 1;
  const room = Math.max(NARROWEST, look.width - valueAt);
  const values = fields.map(({ value }) => shownValue(value, room));
  const noteWidth = longest(fields.map(({ note }) => note));
  const valueWidth = longest(values.filter((value) => widthOf(value) + 2 + noteWidth <= room));

  const lines = fields.map((field, index) => {
    const value = values[index] ?? '';
    const brush = brushFor(look);
    const label = padded(`${printable(field.label)}:`, labelWidth);
    const text = `${' '.repeat(start - 2)}${brush[field.tone](`+ ${label} ${value}`)}`;
    const note = brush[field.noteTone](field.note);
    const gap = Math.max(0, valueWidth - widthOf(value)) + 2;
    const end = start + Math.max(labelWidth, widthOf(field.label) + 1) + 1 + widthOf(value) + gap;
    if (end + widthOf(field.note) <= look.width) return text + ' '.repeat(gap) + note;
    return `${text}\n${' '.repeat(valueAt)}${note}`;
  });
  return [...lines.slice(0, -2), ...between, ...lines.slice(-2)];
}

function longest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, widthOf(text)), 0);
}

function shownValue(value: CardValue | Scalar, width: number): string {
  if (typeof value === 'string') return quotedWithin(value, width);
  return value === null ? 'NULL' : String(value);
}

function candidateLines(
  { candidates, candidateCount, reason }: PlannedOperator,
  context: DiffContext,
): string[] {
  if (reason === 'broken-link' || candidates.length === 0) return [];
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

function evidenceLines({ evidence, reason, person }: PlannedOperator, context: DiffContext): string[] {
  const lines = evidence.flatMap((item) => sentence('plain', evidenceWords(item), context));
  if (reason !== 'broken-link' || person === null) return lines;
  const { table, link } = context.configuration.operators;
  const words = [
    `${qualified(table)}.${printable(link)}`,
    ...say('holds'),
    printable(person),
    ...say('but there is no such person'),
  ];
  return [...sentence('plain', words, context), ...lines];
}

function evidenceWords(evidence: Evidence): string[] {
  const value = (text: string) => quotedWithin(text, VALUE_IN_PROSE);
  if ('problem' in evidence) {
    return [
      printable(evidence.column),
      value(evidence.value),
      ...say(`does not fit: ${printable(evidence.problem)}`),
    ];
  }
  if ('person' in evidence) {
    return [
      printable(evidence.key),
      ...say('differs: operator'),
      `${value(evidence.operator)},`,
      'person',
      value(evidence.person),
    ];
  }
  return [printable(evidence.key), value(evidence.value), ...say(whoHasTheSame(evidence))];
}

function whoHasTheSame({ persons, operators }: { persons: number; operators: number }): string {
  const others = operators - 1;
  const who = [
    ...(persons > 0 ? [countOf(persons, 'person')] : []),
    ...(others > 0 ? [countOf(others, 'other operator')] : []),
  ];
  return who.length === 0 ? 'is on nobody else' : `is the same on ${who.join(' and ')}`;
}

const say = (text: string): string[] => text.split(' ');

/** Words in the body of a diff; a further line is indented once more. */
function sentence(tone: Tone, words: readonly string[], { look }: DiffContext): string[] {
  const lines = wrap(words, look.width - BODY_INDENT - 2);
  return lines.map(
    (line, index) => ' '.repeat(BODY_INDENT + (index === 0 ? 0 : 2)) + brushFor(look)[tone](line),
  );
}
