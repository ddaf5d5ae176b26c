import type { HistoryEntry, LinkDetails, ReportColumn, ReportCount } from '../../../src/model/report.js';
import type { Page } from '../../../src/output/html/page.js';

/** Who is linked to whom, much as a service desk has it. */
export interface Link {
  readonly operator: string;
  readonly operatorName: string;
  readonly branch: string | null;
  readonly decision: string;
  readonly reason: string;
  readonly person: string | null;
  readonly personName: string | null;
  readonly linkedBy: string | null;
  readonly changedAt: string | null;
  readonly why: string | null;
  readonly details: LinkDetails;
}

export const LINK_COLUMNS: readonly ReportColumn<Link>[] = [
  { name: 'operator', title: 'Operator', holds: 'key', valueOf: ({ operator }) => operator },
  {
    name: 'operatorName',
    title: 'Operator name',
    holds: 'text',
    valueOf: ({ operatorName }) => operatorName,
  },
  { name: 'branch', title: 'Branch', holds: 'text', valueOf: ({ branch }) => branch },
  { name: 'decision', title: 'Decision', holds: 'text', valueOf: ({ decision }) => decision },
  { name: 'reason', title: 'Reason', holds: 'text', valueOf: ({ reason }) => reason },
  { name: 'person', title: 'Person', holds: 'key', valueOf: ({ person }) => person },
  { name: 'personName', title: 'Person name', holds: 'text', valueOf: ({ personName }) => personName },
  { name: 'linkedBy', title: 'Linked by', holds: 'text', valueOf: ({ linkedBy }) => linkedBy },
  { name: 'changedAt', title: 'Changed at', holds: 'time', valueOf: ({ changedAt }) => changedAt },
  { name: 'why', title: 'Why not written', holds: 'text', valueOf: ({ why }) => why },
];

const FIRST_NAMES = [
  'Anna',
  'Zoë',
  'José',
  'Łukasz',
  'Siân',
  'Björn',
  'Noor',
  'Chloé',
  'Ömer',
  'Mary-Jane',
  'Dvořák',
  'Nguyễn',
  'Pieter',
  'מרים',
  'أحمد',
  '美咲',
  '伟',
  'Đorđe',
  'Ingrid',
  'Tomás',
];
const LAST_NAMES = [
  "O'Brien",
  'van der Berg',
  'Müller',
  'García Márquez',
  'Åkesson',
  'Jansen',
  'Smith',
  'Ivanović',
  'לוי',
  'الحسن',
  '佐藤',
  '王',
  'Kowalczyk',
  'de Vries',
  'Ó Súilleabháin',
  'Nagy',
  'Yılmaz',
  'Peeters',
];
const BRANCHES = ['Amsterdam', 'Delft', 'München', 'São Paulo', '東京', 'Kraków', null];
const OUTCOMES = [
  { decision: 'create', reason: 'no-candidate', linkedBy: 'onecard' },
  { decision: 'create', reason: 'no-candidate', linkedBy: 'onecard' },
  { decision: 'linked', reason: 'linked', linkedBy: 'before' },
  { decision: 'linked', reason: 'linked', linkedBy: 'before' },
  { decision: 'linked', reason: 'linked', linkedBy: 'before' },
  { decision: 'match', reason: 'match', linkedBy: 'onecard' },
  { decision: 'match', reason: 'decided', linkedBy: 'onecard' },
  { decision: 'review', reason: 'ambiguous', linkedBy: null },
  { decision: 'review', reason: 'taken', linkedBy: null },
  { decision: 'review', reason: 'shared-key', linkedBy: null },
  { decision: 'skip', reason: 'api-account', linkedBy: null },
] as const;
const RUN = '20260603-2200-k7qd';

/** The link at a place: the same at every call. */
export function linkAt(place: number): Link {
  const random = mixed(place);
  const pick = <Item>(list: readonly Item[], salt: number) =>
    list[mixed(place * 31 + salt) % list.length] as Item;
  const { decision, reason, linkedBy } = pick(OUTCOMES, 1);
  const operatorName = `${pick(LAST_NAMES, 2)}, ${pick(FIRST_NAMES, 3)}`;
  const person = linkedBy === null ? null : uuid(place * 2 + 1);
  const changedAt =
    linkedBy === 'onecard' ? new Date(Date.UTC(2026, 5, 3, 22) + (random % 3_600_000)).toISOString() : null;
  const branch = pick(BRANCHES, 4);
  const email = `user${place}@example.org`;
  const link = {
    operator: uuid(place * 2),
    operatorName,
    branch,
    decision,
    reason,
    person,
    personName: person === null ? null : operatorName,
    linkedBy,
    changedAt,
    why: decision === 'review' && random % 9 === 0 ? 'its person was changed since the plan' : null,
  };
  return { ...link, details: detailsOf(link, email) };
}

function detailsOf(link: Omit<Link, 'details'>, email: string): LinkDetails {
  const { decision, reason, person, changedAt, operatorName, branch } = link;
  const entry: HistoryEntry = {
    run: RUN,
    at: changedAt ?? '2026-06-03T22:00:04.112Z',
    decision,
    reason,
    action: changedAt === null ? 'none' : decision === 'create' ? 'create' : 'link',
    state: changedAt === null ? null : 'applied',
    person,
    why: link.why,
  };
  const earlier = {
    ...entry,
    run: '20260527-2200-p2xa',
    at: '2026-05-27T22:00:09.870Z',
    state: 'rolled-back',
  };
  return {
    card:
      person === null
        ? []
        : [
            ['id', person],
            ['last_name', operatorName.split(', ')[0] ?? null],
            ['first_name', operatorName.split(', ')[1] ?? null],
            ['email', email],
            ['employee_number', '0012345'],
            ['branch', branch],
            ['department', null],
            ['ssp_access', 'false'],
            ['selectable_as_caller', 'false'],
          ],
    evidence:
      decision === 'skip'
        ? []
        : [`email ${email}: 1 person, 2 operators`, 'login_name CORP\\user: nobody else'],
    candidates: decision === 'review' ? ['1207 Müller, Zoë', '88120 Mueller, Zoe'] : [],
    history: changedAt === null ? [entry] : [earlier, entry],
  };
}

export async function* links(count: number): AsyncIterable<Link> {
  for (let place = 0; place < count; place++) yield linkAt(place);
}

/** A link report over so many operators. */
export function linkPage(count: number): Page<Link> {
  const all = Array.from({ length: count }, (_, place) => linkAt(place));
  const before = all.filter(({ linkedBy }) => linkedBy === 'before').length;
  const linked = all.filter(({ linkedBy }) => linkedBy !== null).length;
  return {
    title: 'Link report',
    facts: [
      ['Database', 'postgres at db.example.com:5432/servicedesk'],
      ['Made', '2026-06-04 06:30:12 UTC'],
      ['Filters', 'none'],
      ['Personal data', 'not redacted'],
      ['onecard', '0.1.0'],
    ],
    totals: [
      {
        title: 'Before',
        counts: [
          { label: 'linked', count: before },
          { label: 'not linked', count: count - before },
        ],
      },
      {
        title: 'After',
        counts: [
          { label: 'linked', count: linked },
          { label: 'not linked', count: count - linked },
        ],
      },
      { title: 'Decisions', counts: tally(all.map(({ decision }) => decision)) },
      { title: 'Reasons', counts: tally(all.map(({ reason }) => reason)) },
    ],
    columns: LINK_COLUMNS,
    rows: links(count),
    filters: ['decision', 'reason', 'linkedBy', 'branch'],
    detailsOf: ({ details }) => details,
  };
}

function tally(labels: readonly string[]): ReportCount[] {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].map(([label, count]) => ({ label, count })).sort((a, b) => b.count - a.count);
}

/** A number that looks random and is the same for the same one. */
function mixed(number: number): number {
  let mixing = Math.imul(number ^ 0x9e3779b9, 0x85ebca6b);
  mixing = Math.imul(mixing ^ (mixing >>> 13), 0xc2b2ae35);
  return (mixing ^ (mixing >>> 16)) >>> 0;
}

function uuid(number: number): string {
  const hex = [1, 2, 3, 4]
    .map((salt) =>
      mixed(number * 4 + salt)
        .toString(16)
        .padStart(8, '0'),
    )
    .join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
