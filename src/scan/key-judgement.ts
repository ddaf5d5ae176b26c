import type { SideQuality } from './key-quality.js';

/** `useless`: it can match nobody. */
export type Verdict = 'good' | 'fair' | 'weak' | 'useless';

type Measure = Pick<SideQuality, 'rows' | 'filled' | 'shared' | 'sharing'>;

const WORDS: Readonly<Record<Verdict, string>> = {
  good: 'a good key',
  fair: 'a fair key',
  weak: 'a weak key',
  useless: 'it can match nobody',
};

/** Whether a key is on most cards of both sides, and on one card of a side at a time; in plain words. */
export function judgeKey(operators: Measure, persons: Measure): { verdict: Verdict; judgement: string } {
  const verdict = verdictOn(operators, persons);
  const filled = `filled on ${percentage(operators)} of operators and ${percentage(persons)} of persons`;
  const sharing = [sharingOf(operators, 'operator'), sharingOf(persons, 'person')].filter(Boolean);
  const unique = sharing.length === 0 ? ['unique'] : sharing;
  const words = verdict === 'useless' ? [filled] : [filled, ...unique];
  return { verdict, judgement: `${words.join(', ')}: ${WORDS[verdict]}` };
}

/** Below this, most cards have no value to be found by. */
const MOSTLY_FILLED = 0.75;
const HARDLY_FILLED = 0.25;
/** Of the cards with a value: what a human can still look through, and what says that the key is no identity. */
const SELDOM_SHARED = 0.01;
const OFTEN_SHARED = 0.1;

function verdictOn(...sides: Measure[]): Verdict {
  const every = (holds: (filled: number, sharing: number) => boolean) =>
    sides.every((side) => holds(side.filled / side.rows, side.sharing / side.filled));
  if (sides.some(({ filled }) => filled === 0)) return 'useless';
  if (every((filled, sharing) => filled >= MOSTLY_FILLED && sharing <= SELDOM_SHARED)) return 'good';
  if (every((filled, sharing) => filled >= HARDLY_FILLED && sharing <= OFTEN_SHARED)) return 'fair';
  return 'weak';
}

/** Never rounded up to everyone, nor down to nobody. */
function percentage({ filled, rows }: Measure): string {
  if (filled === 0) return '0 %';
  const percent = Math.floor((100 * filled) / rows);
  return percent === 0 ? 'less than 1 %' : `${percent} %`;
}

function sharingOf({ shared, sharing }: Measure, card: string): string {
  if (shared === 0) return '';
  return `${count(sharing)} ${card}s share ${shared === 1 ? 'one value' : `${count(shared)} values`}`;
}

const count = (number: number) => number.toLocaleString('en-US');
