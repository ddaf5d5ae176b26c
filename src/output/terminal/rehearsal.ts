import {
  type BaselineComparison,
  REHEARSAL_STEPS,
  type Rehearsal,
  type StepOutcome,
  type StepResult,
} from '../../model/rehearsal.js';
import {
  comparisonInWords,
  decisionInWords,
  MARKS,
  measured,
  surroundingsInWords,
  verdictOf,
} from '../rehearsal-words.js';
import { formatCount, formatTimeTaken } from './amounts.js';
import { padded, wrap } from './layout.js';
import { brushFor, type Look, type Tone } from './look.js';
import { printable } from './printable.js';

const TONES: Readonly<Record<StepOutcome, Tone>> = { passed: 'good', failed: 'bad', skipped: 'quiet' };
const LONGEST_LABEL = Math.max(...Object.values(REHEARSAL_STEPS).map(({ length }) => length));
/** With less, a column for the names of the steps would leave too little for what is said of them. */
const ROOM_FOR_COLUMNS = 72;

/** A step that has come to its end: its mark, its name, what was seen, the time it took; more where it failed. */
export function renderStep(result: StepResult, look: Look): string {
  const { step, outcome, message, milliseconds, details, remedy } = result;
  const brush = brushFor(look);
  const tone = brush[TONES[outcome]];
  const label = REHEARSAL_STEPS[step];
  const words = [
    ...printable(message).split(' '),
    // In one piece: a number without its unit says little.
    ...(outcome === 'skipped' ? [] : [`(${formatTimeTaken(milliseconds)})`]),
  ];
  const inColumns = look.width >= ROOM_FOR_COLUMNS;
  const column = inColumns ? `  ${padded(label, LONGEST_LABEL)}  `.length : 4;
  const lines = wrap(words, look.width - column).map((line) =>
    outcome === 'skipped' ? brush.quiet(line) : line,
  );
  const first = `${tone(MARKS[outcome])} ${inColumns ? padded(label, LONGEST_LABEL) : label}`;
  return [
    ...(inColumns
      ? [`${first}  ${lines[0] ?? ''}`.trimEnd(), ...indented(lines.slice(1), column)]
      : [first, ...indented(lines, column)]),
    ...(outcome === 'failed'
      ? details.flatMap((detail) => indented(wrap(printable(detail), look.width - 4), 4))
      : []),
    ...(remedy === undefined
      ? []
      : indented(wrap(`→ ${printable(remedy)}`, look.width - 4).map(brush.warning), 4)),
  ].join('\n');
}

/** What a rehearsal came to, below its steps: what was measured, what changed since the baseline, the verdict. */
export function renderRehearsal(rehearsal: Rehearsal, look: Look): string {
  const brush = brushFor(look);
  const { passed, measures, baseline } = rehearsal;
  return [
    measureLines(measures, look),
    baseline === null ? [] : baselineLines(baseline, look),
    wrap(`The rehearsal ${verdictOf(rehearsal)}.`, look.width).map(passed ? brush.good : brush.bad),
  ]
    .filter((part) => part.length > 0)
    .map((part) => part.join('\n'))
    .join('\n\n');
}

function measureLines(measures: Rehearsal['measures'], look: Look): string[] {
  const rows = measured(measures);
  if (rows.length === 0) return [];
  const width = Math.max(...rows.map(({ label }) => label.length));
  return [
    brushFor(look).strong('Measured:'),
    ...rows.map(({ label, shown }) =>
      look.width >= width + 16 ? `  ${padded(label, width)}  ${shown}` : `  ${label}: ${shown}`,
    ),
  ];
}

function baselineLines(baseline: BaselineComparison, look: Look): string[] {
  const brush = brushFor(look);
  const { changed, changes } = baseline;
  const tone = changed === 0 ? brush.good : brush.warning;
  return [
    ...wrap(`${printable(comparisonInWords(baseline))}.`, look.width).map(tone),
    ...surroundingsInWords(baseline).flatMap((line) => wrap(printable(line), look.width).map(brush.warning)),
    ...changes.flatMap(({ operator, before, after }) => [
      ...indented(wrap(printable(operator), look.width - 2), 2),
      ...indented(
        wrap(printable(`${decisionInWords(before)} → ${decisionInWords(after)}`), look.width - 4),
        4,
      ),
    ]),
    ...(changed > changes.length
      ? [brush.quiet(`  … and ${formatCount(changed - changes.length)} more`)]
      : []),
  ];
}

const indented = (lines: readonly string[], columns: number) =>
  lines.map((line) => `${' '.repeat(columns)}${line}`);
