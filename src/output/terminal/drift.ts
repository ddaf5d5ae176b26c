import type { CardValue } from '../../model/decision.js';
import {
  DRIFT_KINDS,
  type Drift,
  type DriftedOperator,
  type DriftKind,
  driftedCount,
} from '../../model/drift.js';
import { driftInWords } from '../../plan/drift.js';
import { formatCount } from './amounts.js';
import { brushFor, type Look } from './look.js';
import { printable, quotedWithin } from './printable.js';

const TITLES: Readonly<Record<DriftKind, string>> = {
  changed: 'Changed',
  vanished: 'Vanished',
  linked: 'Linked by others',
  arrived: 'Arrived',
};

/**
 * How the database differs from a plan: in a sentence, and the first of each kind with their fields,
 * planned → found.
 * @param shown so many of each kind.
 */
export function renderDrift(drift: Drift, look: Look, shown: number): string {
  const brush = brushFor(look);
  if (driftedCount(drift) === 0) return brush.good('Every operator is as in the plan.');
  return [
    brush.warning(`${driftInWords(drift)} since the plan was made.`),
    ...DRIFT_KINDS.flatMap((kind) => kindLines(kind, drift, look, shown)),
    `Of those with something to write, ${formatCount(drift.approved)} ${drift.approved === 1 ? 'is' : 'are'} as in the plan and ${formatCount(drift.leftOut)} ${drift.leftOut === 1 ? 'is' : 'are'} left out.`,
  ].join('\n');
}

function kindLines(kind: DriftKind, drift: Drift, look: Look, shown: number): string[] {
  const { count, first } = drift[kind];
  if (count === 0) return [];
  const named = first.slice(0, shown);
  return [
    `${TITLES[kind]}:`,
    ...named.flatMap((operator) => operatorLines(operator, look)),
    ...(count > named.length
      ? [brushFor(look).quiet(`  … and ${formatCount(count - named.length)} more`)]
      : []),
  ];
}

function operatorLines({ operator, fields }: DriftedOperator, look: Look): string[] {
  const width = Math.max(12, Math.floor((look.width - 30) / 2));
  return [
    `  ${printable(operator)}`,
    ...fields.map(
      ({ field, planned, found }) =>
        `    ${printable(field)}: ${shownValue(planned, width)} → ${shownValue(found, width)}`,
    ),
  ];
}

function shownValue(value: CardValue, width: number): string {
  if (typeof value === 'string') return quotedWithin(value, width);
  return value === null ? 'none' : String(value);
}
