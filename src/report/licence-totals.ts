import type { ReportColumn } from '../model/report.js';
import { isNotSeenFor, type LicenceRow } from './licences.js';

/** How many operators take a kind of licence, and how many of them nobody has seen for so many days, or ever. */
export interface LicenceTotal {
  /** Null for those without one, and where the configuration does not say. */
  readonly licence: string | null;
  /** API accounts aside. */
  readonly operators: number;
  readonly archived: number;
  /** Archived ones included. */
  readonly notSeen: number;
  /** Those of them that are not archived. */
  readonly notSeenInUse: number;
  /** Those of `notSeen` whom nobody has ever seen. */
  readonly neverSeen: number;
  readonly apiAccounts: number;
}

/** Counts the rows that pass. */
export class LicenceTotals {
  readonly #days: number;
  readonly #totals = new Map<string | null, LicenceTotal>();

  constructor(days: number) {
    this.#days = days;
  }

  add(row: LicenceRow): void {
    const { licence } = row;
    const total = this.#totals.get(licence) ?? nothingOf(licence);
    this.#totals.set(licence, this.#with(total, row));
  }

  /** By the name of the licence; what has none comes last. */
  all(): LicenceTotal[] {
    return [...this.#totals.values()].toSorted((one, other) => {
      if (one.licence === null || other.licence === null)
        return Number(one.licence === null) - Number(other.licence === null);
      return one.licence < other.licence ? -1 : 1;
    });
  }

  #with(total: LicenceTotal, row: LicenceRow): LicenceTotal {
    if (row.kind === 'api-account') return { ...total, apiAccounts: total.apiAccounts + 1 };
    const isNotSeen = isNotSeenFor(this.#days, row);
    return {
      ...total,
      operators: total.operators + 1,
      archived: total.archived + Number(row.archived),
      notSeen: total.notSeen + Number(isNotSeen),
      notSeenInUse: total.notSeenInUse + Number(isNotSeen && !row.archived),
      neverSeen: total.neverSeen + Number(row.lastSeen === null),
    };
  }
}

const nothingOf = (licence: string | null): LicenceTotal => ({
  licence,
  operators: 0,
  archived: 0,
  notSeen: 0,
  notSeenInUse: 0,
  neverSeen: 0,
  apiAccounts: 0,
});

export const LICENCE_TOTAL_COLUMNS: readonly ReportColumn<LicenceTotal>[] = [
  { name: 'licence', title: 'licence', holds: 'text', valueOf: ({ licence }) => licence },
  { name: 'operators', title: 'operators', holds: 'number', valueOf: ({ operators }) => operators },
  { name: 'archived', title: 'of them archived', holds: 'number', valueOf: ({ archived }) => archived },
  { name: 'notSeen', title: 'not seen', holds: 'number', valueOf: ({ notSeen }) => notSeen },
  {
    name: 'notSeenInUse',
    title: 'not seen, not archived',
    holds: 'number',
    valueOf: ({ notSeenInUse }) => notSeenInUse,
  },
  { name: 'neverSeen', title: 'never seen', holds: 'number', valueOf: ({ neverSeen }) => neverSeen },
  { name: 'apiAccounts', title: 'API accounts', holds: 'number', valueOf: ({ apiAccounts }) => apiAccounts },
];
