import CliTable3 from 'cli-table3';
import { DECISIONS, type Decision, FINDINGS, REASONS, type Tally } from '../../model/decision.js';
import { countOf, formatCount } from './amounts.js';
import { padded, widthOf, wrap } from './layout.js';
import { brushFor, type Look, type Tone } from './look.js';
import { printable } from './printable.js';

/** Numbers get thousands separators; text is made printable. */
export type Cell = string | number | { readonly text: string | number; readonly tone: Tone };

export interface TableContent {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** A last row, set off by a rule. */
  readonly total?: readonly Cell[];
  /** Per column; to the left where nothing is said. */
  readonly align?: readonly ('left' | 'right')[];
  /** Columns that are never wrapped, such as keys that somebody copies. */
  readonly whole?: readonly number[];
  readonly look: Look;
}

const GAP = 2;
const NARROWEST = 8;

/** A table without a final line break, no wider than the look: the widest columns are wrapped between words. */
export function renderTable({ head, rows, total, align = [], whole = [], look }: TableContent): string {
  const widths = fittingWidths([head, ...rows, total ?? []], look.width, whole);
  const brush = brushFor(look);
  const linesOf = (cells: readonly Cell[], heading: boolean) => {
    const wrapped = head.map((_, column) => {
      const cell = cells[column] ?? '';
      const tone = typeof cell === 'object' ? cell.tone : 'plain';
      const lines = wrap(textOf(cell), widths[column] ?? NARROWEST);
      return lines.map((line) => (heading ? brush.strong(line) : brush[tone](line)));
    });
    // Line by line: the library takes seconds for a cell of a hundred lines.
    return Array.from({ length: Math.max(1, ...wrapped.map(({ length }) => length)) }, (_, line) =>
      wrapped.map((lines) => lines[line] ?? ''),
    );
  };

  const table = new CliTable3({
    chars: { ...NO_BORDERS, middle: ' '.repeat(GAP) },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colAligns: head.map((_, column) => align[column] ?? 'left'),
  });
  const rule = widths.map((width) => brush.quiet('─'.repeat(width)));
  table.push(...linesOf(head, true), rule, ...rows.flatMap((row) => linesOf(row, false)));
  if (total !== undefined) table.push(rule, ...linesOf(total, false));
  return withoutTrailingBlanks(table.toString());
}

const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
};

function withoutTrailingBlanks(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function textOf(cell: Cell): string {
  const text = typeof cell === 'object' ? cell.text : cell;
  return typeof text === 'number' ? formatCount(text) : printable(text);
}

/** The natural widths, the widest of those that may be wrapped taken down until the table fits. */
function fittingWidths(
  rows: readonly (readonly Cell[])[],
  available: number,
  whole: readonly number[],
): number[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((width, row) => Math.max(width, widthOf(textOf(row[column] ?? ''))), 1),
  );
  const room = available - GAP * (widths.length - 1);
  const total = () => widths.reduce((sum, width) => sum + width, 0);
  const wrapped = () => widths.map((width, column) => (whole.includes(column) ? 0 : width));
  while (total() > room) {
    const widest = Math.max(...wrapped());
    if (widest <= NARROWEST) break;
    const first = wrapped().indexOf(widest);
    const others = Math.max(NARROWEST, ...wrapped().filter((_, column) => column !== first));
    widths[first] = Math.max(others === widest ? widest - 1 : others, widest - (total() - room), NARROWEST);
  }
  return widths;
}

const TONES: Readonly<Record<Decision, Tone>> = {
  create: 'good',
  match: 'change',
  review: 'warning',
  linked: 'quiet',
  skip: 'quiet',
};

/** How many operators get which decision and why, grouped by decision, with a total. */
export function renderTally(tallies: readonly Tally[], look: Look): string {
  const groups = DECISIONS.map((decision) =>
    tallies
      .filter((tally) => tally.decision === decision)
      .sort((one, other) => other.operators - one.operators),
  );
  return renderTable({
    head: ['decision', 'reason', 'meaning', 'operators'],
    rows: groups.flatMap((group) => group.map((tally, index) => tallyRow(tally, index === 0))),
    total: [{ text: 'total', tone: 'strong' }, '', '', { text: sumOf(tallies, () => true), tone: 'strong' }],
    align: ['left', 'left', 'left', 'right'],
    look,
  });
}

function tallyRow(tally: Tally, first: boolean): Cell[] {
  const tone: Tone = isUndecided(tally) || tally.finding !== null ? 'warning' : TONES[tally.decision];
  return [
    { text: first ? tally.decision : '', tone },
    { text: tally.finding ?? tally.reason, tone },
    wordsFor(tally),
    tally.operators,
  ];
}

function wordsFor({ decision, action, reason, finding }: Tally): string {
  if (finding !== null) return `${REASONS[reason]}, but ${FINDINGS[finding]}`;
  if (decision !== 'match') return REASONS[reason];
  const consequence = { link: 'linked to it', create: 'gets a second card', none: 'left to a human' }[action];
  return `${REASONS[reason]}: ${consequence}`;
}

const isUndecided = ({ decision, action }: Tally) =>
  action === 'none' && (decision === 'match' || decision === 'review' || decision === 'create');

function sumOf(tallies: readonly Tally[], counts: (tally: Tally) => boolean): number {
  return tallies.filter(counts).reduce((sum, { operators }) => sum + operators, 0);
}

/** What the plan comes down to, in one sentence; its four numbers add up to all operators. */
export function renderHeadline(tallies: readonly Tally[], { width }: Look): string {
  const created = sumOf(tallies, ({ action }) => action === 'create');
  const linked = sumOf(tallies, ({ action }) => action === 'link');
  const undecided = sumOf(tallies, isUndecided);
  const untouched = sumOf(tallies, (tally) => tally.action === 'none' && !isUndecided(tally));
  const sentence = [
    `${countOf(created, 'card')} will be created and linked`,
    `${countOf(linked, 'operator')} linked to ${linked === 1 ? 'an existing person' : 'existing persons'}`,
    `${formatCount(undecided)} ${undecided === 1 ? 'needs' : 'need'} a human decision`,
    `${formatCount(untouched)} ${untouched === 1 ? 'needs' : 'need'} nothing.`,
  ].join(', ');
  return wrap(sentence, width).join('\n');
}

/** A short list of facts, one per line, values aligned; a long value goes on below itself. */
export function renderFacts(
  pairs: readonly (readonly [label: string, value: string | number])[],
  look: Look,
): string {
  const labels = pairs.map(([label]) => printable(label));
  const labelWidth = labels.reduce((width, label) => Math.max(width, widthOf(label)), 0);
  const brush = brushFor(look);
  return pairs
    .flatMap(([, value], index) =>
      wrap(textOf(value), Math.max(NARROWEST, look.width - labelWidth - GAP)).map((line, lineNumber) => {
        const label = padded(lineNumber === 0 ? (labels[index] ?? '') : '', labelWidth + GAP);
        return `${brush.quiet(label)}${line}`.trimEnd();
      }),
    )
    .join('\n');
}
