import type { ReportValue } from '../../../model/report.js';
import type { EmbeddedColumn } from '../embedded.js';

/** The reader's own alphabet; `a9` comes before `a10`, and so do keys of any length. */
const collator = new Intl.Collator(undefined, { numeric: true });

/** Behind everything, whichever way round. */
const NOTHING = -1;

/**
 * The places of all rows in the order of a column; rows of the same value keep their order, those without one come
 * last.
 */
export function inOrder(
  values: readonly ReportValue[],
  column: EmbeddedColumn,
  descending: boolean,
): Uint32Array {
  const ranks = ranksOf(values, column);
  const direction = descending ? -1 : 1;
  return Uint32Array.from(values.keys()).sort((a, b) => {
    const first = ranks[a] ?? NOTHING;
    const second = ranks[b] ?? NOTHING;
    if (first === second) return a - b;
    if (first === NOTHING) return 1;
    if (second === NOTHING) return -1;
    return direction * (first - second);
  });
}

/** Comparing texts is slow, hence each different one once; texts that compare as equal have the same rank. */
function ranksOf(values: readonly ReportValue[], { holds }: EmbeddedColumn): Int32Array {
  const compare = holds === 'time' ? compareCodes : compareValues;
  const different = [...new Set(values)].filter((value) => !isNothing(value)).sort(compare);
  const rankOf = new Map<ReportValue, number>();
  let rank = 0;
  for (const [index, value] of different.entries()) {
    const before = different[index - 1];
    if (before !== undefined && compare(before, value) !== 0) rank++;
    rankOf.set(value, rank);
  }
  return Int32Array.from(values, (value) => rankOf.get(value) ?? NOTHING);
}

const isNothing = (value: ReportValue) => value === null || value === '';

function compareValues(a: ReportValue, b: ReportValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return collator.compare(String(a), String(b));
}

/** ISO 8601 in UTC. */
function compareCodes(a: ReportValue, b: ReportValue): number {
  const [first, second] = [String(a), String(b)];
  if (first === second) return 0;
  return first < second ? -1 : 1;
}
