import type { ColumnFlag, Flag, MappedField, Scalar } from '../../../model/configuration.js';
import type { Card, CardValue } from '../../../model/decision.js';
import { formatCount } from '../amounts.js';
import { padded, widthOf } from '../layout.js';
import { brushFor, type Look, type Tone } from '../look.js';
import { printable, quotedWithin } from '../printable.js';
import { BODY_INDENT, type DiffContext, GAP, NARROWEST, tableName } from './context.js';

const LONGEST_LABEL = 32;

interface FieldLine {
  /** The column and a colon. */
  readonly label: string;
  readonly value: CardValue | Scalar;
  /** Where the value comes from, or what it means. */
  readonly note: string;
  readonly tone: Tone;
  readonly noteTone: Tone;
}

/** The row of a new person, field by field, each with its source; what it is denied comes last. */
export function newCard(card: Card, context: DiffContext): string[] {
  const { look, configuration, personKeyNote } = context;
  const { table, ssp, caller } = configuration.persons;
  const fields = orderedFields(card, configuration.card).filter(
    ([column]) => ![ssp, caller].some((flag) => 'column' in flag && flag.column === column),
  );
  const filled = fields
    .filter(([, value]) => !isEmpty(value))
    .map(([column, value]) => filledField(column, value, context));
  const empty = fields.filter(([, value]) => isEmpty(value)).map(([column]) => column);
  const denied = [
    ...flagFields(ssp, card, 'no access to the Self-Service Portal'),
    ...flagFields(caller, card, 'cannot be selected as a caller'),
  ];

  const labelWidth = Math.min(LONGEST_LABEL, longest([...filled, ...denied].map(({ label }) => label)));
  const brush = brushFor(look);
  const note = personKeyNote === undefined ? '' : `  ${brush.quiet(`(${printable(personKeyNote)})`)}`;
  return [
    `${' '.repeat(BODY_INDENT)}${brush.good(`+ ${tableName(table)} <new>`)}${note}`,
    ...fieldLines(filled, labelWidth, look),
    ...leftEmpty(empty, look),
    ...fieldLines(denied, labelWidth, look),
  ];
}

/** In the order of the configuration, then what onecard added. */
function orderedFields(card: Card, configured: readonly MappedField[]): [column: string, value: CardValue][] {
  const ranks = new Map(configured.map(({ column }, rank) => [column, rank]));
  const rank = (column: string) => ranks.get(column) ?? configured.length;
  return Object.entries(card).sort(([one], [other]) => rank(one) - rank(other));
}

function isEmpty(value: CardValue): boolean {
  return value === null || value === '';
}

function filledField(column: string, value: CardValue, context: DiffContext): FieldLine {
  const note = `← ${sourceOf(column, context)}`;
  return { label: `${printable(column)}:`, value, note, tone: 'good', noteTone: 'quiet' };
}

function sourceOf(column: string, { configuration, copied }: DiffContext): string {
  const { name } = configuration.operators.table;
  const field = configuration.card.find((candidate) => candidate.column === column);
  if (field === undefined)
    return copied?.has(column)
      ? printable(`${name}.${column}`)
      : 'set by onecard: required, and nothing fills it';
  if ('value' in field.source) return 'constant';
  const { from } = field.source;
  return printable(`${from.rows?.table.name ?? name}.${from.column}`);
}

function flagFields(flag: Flag, card: Card, meaning: string): FieldLine[] {
  if (!('row' in flag)) return [flagField(flag, card, meaning)];
  const label = `${printable(flag.row.table.name)}:`;
  return [{ label, value: null, note: `no row, denied: ${meaning}`, tone: 'strong', noteTone: 'strong' }];
}

/** A flag that is not denied is the very harm a new card must not do: say so, whatever brought it about. */
function flagField({ column, denied }: ColumnFlag, card: Card, meaning: string): FieldLine {
  const value = card[column] ?? denied;
  const isDenied = comparable(value) === comparable(denied);
  const tone = isDenied ? 'strong' : 'bad';
  const note = isDenied
    ? `denied: ${meaning}`
    : `NOT DENIED: the denied value is ${shownValue(denied, NARROWEST)}`;
  return { label: `${printable(column)}:`, value, note, tone, noteTone: tone };
}

/** Databases hold booleans as numbers, and plans hold numbers as text. */
function comparable(value: CardValue | Scalar): string {
  return typeof value === 'boolean' ? String(Number(value)) : String(value);
}

/** One line, however many: an application may have a hundred columns that stay empty. */
function leftEmpty(columns: readonly string[], look: Look): string[] {
  if (columns.length === 0) return [];
  const indent = ' '.repeat(BODY_INDENT + 2 * GAP);
  const lineOf = (shown: number) => {
    const names = columns.slice(0, shown).map(printable).join(', ');
    const more = columns.length - shown;
    return `left empty: ${names}${more > 0 ? ` and ${formatCount(more)} more` : ''}`;
  };
  let shown = columns.length;
  while (shown > 1 && widthOf(indent) + widthOf(lineOf(shown)) > look.width) shown -= 1;
  return [`${indent}${brushFor(look).quiet(lineOf(shown))}`];
}

/** Notes are aligned as far as they fit; one that does not fit beside its value goes below it. */
function fieldLines(fields: readonly FieldLine[], labelWidth: number, look: Look): string[] {
  const brush = brushFor(look);
  const indent = ' '.repeat(BODY_INDENT + GAP);
  const valueAt = widthOf(indent) + widthOf('+ ') + labelWidth + 1;
  const room = Math.max(NARROWEST, look.width - valueAt);
  const values = fields.map(({ value }) => shownValue(value, room));
  const noteWidth = longest(fields.map(({ note }) => note));
  const valueWidth = longest(values.filter((value) => widthOf(value) + GAP + noteWidth <= room));

  return fields.flatMap(({ label, note, tone, noteTone }, index) => {
    const value = values[index] ?? '';
    const text = `+ ${padded(label, labelWidth)} ${value}`;
    const gap = ' '.repeat(Math.max(0, valueWidth - widthOf(value)) + GAP);
    const fits = widthOf(indent) + widthOf(text) + gap.length + widthOf(note) <= look.width;
    const shown = `${indent}${brush[tone](text)}`;
    return fits
      ? [`${shown}${gap}${brush[noteTone](note)}`]
      : [shown, `${' '.repeat(valueAt)}${brush[noteTone](note)}`];
  });
}

function shownValue(value: CardValue | Scalar, width: number): string {
  if (typeof value === 'string') return quotedWithin(value, width);
  return value === null ? 'NULL' : String(value);
}

function longest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, widthOf(text)), 0);
}
