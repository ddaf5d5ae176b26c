import type { Surroundings } from '../output/report/report.js';
import { type LicenceTotal, LicenceTotals } from '../report/licence-totals.js';
import type { LicenceRow } from '../report/licences.js';
import { factsOf } from './report-surroundings.js';
import type { Opened } from './terminal.js';

/** What a page shows above its rows is counted before they come: they are read twice. */
export async function aroundLicences(
  rows: AsyncIterable<LicenceRow>,
  asOf: string,
  days: number,
  { database }: Opened,
): Promise<Surroundings> {
  const totals = new LicenceTotals(days);
  for await (const row of rows) totals.add(row);
  const all = totals.all();
  const sum = (of: (total: LicenceTotal) => number) => all.reduce((count, total) => count + of(total), 0);
  const notSeen = sum((total) => total.notSeen);
  const neverSeen = sum((total) => total.neverSeen);
  return {
    facts: factsOf(database, [['days are counted to', asOf]]),
    totals: [
      {
        title: 'Human operators by licence',
        counts: all.map(({ licence, operators }) => ({
          label: licence ?? 'none, or unknown',
          count: operators,
        })),
      },
      {
        title: 'Human operators by when they were last seen',
        counts: [
          { label: `in the last ${days} days`, count: sum((total) => total.operators) - notSeen },
          { label: `${days} days ago or longer`, count: notSeen - neverSeen },
          { label: 'never', count: neverSeen },
        ],
      },
      {
        title: 'Rows',
        counts: [
          { label: 'human operators', count: sum((total) => total.operators) },
          { label: 'API accounts, which take no licence', count: sum((total) => total.apiAccounts) },
        ],
      },
    ],
    filters: ['kind', 'archived', 'personArchived', 'licence', 'lastSeenIn', 'lastSeenOn'],
  };
}
