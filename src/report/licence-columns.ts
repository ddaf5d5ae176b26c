import type { ReportColumn } from '../model/report.js';
import type { LicenceProblem, LicenceRow } from './licences.js';

export const LICENCE_COLUMNS: readonly ReportColumn<LicenceRow>[] = [
  { name: 'operator', title: 'operator key', holds: 'key', valueOf: ({ operator }) => operator },
  { name: 'operatorName', title: 'operator', holds: 'text', valueOf: ({ operatorName }) => operatorName },
  { name: 'kind', title: 'kind', holds: 'text', valueOf: ({ kind }) => kind },
  { name: 'archived', title: 'archived', holds: 'boolean', valueOf: ({ archived }) => archived },
  { name: 'person', title: 'person key', holds: 'key', valueOf: ({ person }) => person },
  { name: 'personName', title: 'person card', holds: 'text', valueOf: ({ personName }) => personName },
  {
    name: 'personArchived',
    title: 'person archived',
    holds: 'boolean',
    valueOf: ({ personArchived }) => personArchived,
  },
  { name: 'licence', title: 'licence', holds: 'text', valueOf: ({ licence }) => licence },
  { name: 'lastSeen', title: 'last seen', holds: 'time', valueOf: ({ lastSeen }) => lastSeen },
  { name: 'lastSeenIn', title: 'portal', holds: 'text', valueOf: ({ lastSeenIn }) => lastSeenIn },
  { name: 'lastSeenOn', title: 'on the card of', holds: 'text', valueOf: ({ lastSeenOn }) => lastSeenOn },
  { name: 'daysSince', title: 'days since', holds: 'number', valueOf: ({ daysSince }) => daysSince },
  { name: 'problems', title: 'problems', holds: 'text', valueOf: ({ problems }) => problemsText(problems) },
];

/** Of a page: what a reader looks for first comes first. */
export const LICENCE_PAGE_COLUMNS: readonly ReportColumn<LicenceRow>[] = [
  'operatorName',
  'kind',
  'licence',
  'lastSeen',
  'lastSeenIn',
  'lastSeenOn',
  'daysSince',
  'archived',
  'personName',
  'personArchived',
  'problems',
  'operator',
  'person',
].flatMap((name) => LICENCE_COLUMNS.filter((column) => column.name === name));

/** In plain words; null for none. */
export function problemsText(problems: readonly LicenceProblem[]): string | null {
  const texts = problems.map(({ about, value }) =>
    value === null ? about : `${about}: ${JSON.stringify(value)}`,
  );
  return texts.length === 0 ? null : texts.join('; ');
}
