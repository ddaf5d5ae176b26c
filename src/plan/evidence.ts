import { type Evidence, MAX_CANDIDATES, type PlannedOperator } from '../model/decision.js';
import type { StandingWord } from '../model/human-decision.js';
import { LAPSED } from './decided.js';
import type { Legend } from './legend.js';

/** What the classification found, as the JSON texts that the server makes of it. */
export interface Findings {
  readonly reason: string;
  /** [[key number, value, operators, persons, first person, [persons]]] */
  readonly evidence: string | null;
  /** Of a human decision: [word, who, note]. Of a broken link: [link]. Of a contradiction: [bits of the keys, …operator's values, …person's values]. */
  readonly detail: string | null;
  /** [column, value, problem] */
  readonly misfit: string | null;
}

type Hit = [
  key: number,
  value: string,
  operators: Countable,
  persons: Countable | null,
  first: string | null,
  people: string | null,
];
/** MariaDB writes sums as decimals in JSON, some versions as strings. */
type Countable = number | string;

type ReadEvidence = Pick<PlannedOperator, 'evidence' | 'candidates' | 'candidateCount'>;

/** Of most operators nothing was found. */
const NOTHING: ReadEvidence = { evidence: [], candidates: [], candidateCount: 0 };

export function readEvidence(row: Findings, legend: Legend): ReadEvidence {
  if (row.evidence === null && row.detail === null && row.misfit === null) return NOTHING;
  const { keys } = legend;
  const hits = row.evidence === null ? [] : (JSON.parse(row.evidence) as Hit[]).sort(byKey);
  const evidence: Evidence[] = hits.map(([key, value, operators, persons]) => ({
    key: keys[key - 1]?.name ?? String(key),
    value,
    persons: Number(persons ?? 0),
    operators: Number(operators),
  }));
  return { evidence: [...evidence, ...readDetail(row, legend)], ...candidatesOf(hits) };
}

const byKey = (a: Hit, b: Hit) => a[0] - b[0] || byCodePoints(a[1], b[1]);

/** The persons of all hits: at most 20, lowest keys first, and how many there are. */
function candidatesOf(hits: readonly Hit[]): Pick<PlannedOperator, 'candidates' | 'candidateCount'> {
  const lists: string[][] = [];
  let most = 0;
  for (const [, , , count, first, people] of hits) {
    if (count === null || first === null) continue;
    most = Math.max(most, Number(count));
    lists.push(people === null ? [first] : (JSON.parse(people) as string[]));
  }
  // The server has sorted each list.
  const sorted = lists.length === 1 ? lists.flat() : [...new Set(lists.flat())].sort(byCodePoints);
  return { candidates: sorted.slice(0, MAX_CANDIDATES), candidateCount: Math.max(most, sorted.length) };
}

/** As the servers order keys: byte by byte of UTF-8, which is the order of code points. */
function byCodePoints(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function readDetail(row: Findings, { keys, link }: Legend): Evidence[] {
  if (row.misfit !== null && row.reason === 'does-not-fit') {
    const [column, value, problem] = JSON.parse(row.misfit) as [string, string | null, string];
    return [{ column, value: value ?? '', problem }];
  }
  if (row.detail === null) return [];
  const detail = JSON.parse(row.detail) as (string | number | null)[];
  if (row.reason === 'decided' || row.reason === 'lapsed') {
    const [decided, who, note] = detail as [StandingWord | typeof LAPSED, string, string];
    return [{ decided: decided === LAPSED ? 'link' : decided, who, note }];
  }
  if (row.reason === 'broken-link') {
    return [{ column: link, value: String(detail[0]), problem: 'no such person' }];
  }
  if (row.reason !== 'contradiction') return [];
  const differing = BigInt(String(detail[0]).split('.')[0] ?? '0');
  return keys.flatMap(({ name, operatorIsMany, personIsMany }, index): Evidence[] => {
    if ((differing & (1n << BigInt(index))) === 0n) return [];
    return [
      {
        key: name,
        operator: readValues(operatorIsMany, detail[1 + index]),
        person: readValues(personIsMany, detail[1 + keys.length + index]),
      },
    ];
  });
}

/** Of a key that lies elsewhere: all values that a card has. */
function readValues(isMany: boolean, text: string | number | null | undefined): string {
  if (text == null) return '';
  return isMany ? (JSON.parse(String(text)) as string[]).join(', ') : String(text);
}
