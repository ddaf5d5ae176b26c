/** What a reader asked of the table; kept in the fragment of the address, so that it can be shared. */
export interface View {
  readonly search: string;
  /** By the name of a column: the words of its value. Empty: rows without one. */
  readonly filters: Readonly<Record<string, string>>;
  /** The name of a column, with a minus in front where descending; empty: the order of the report. */
  readonly sort: string;
  /** From 1. */
  readonly page: number;
  readonly rows: number;
}

export const ROWS_PER_PAGE = [50, 100, 250, 1000] as const;

export const PLAIN_VIEW: View = { search: '', filters: {}, sort: '', page: 1, rows: 100 };

/** What is not understood is left as it is by default: an address may have been cut or typed. */
export function viewOf(fragment: URLSearchParams, filters: readonly string[]): View {
  const chosen = filters.flatMap((name) => {
    const value = fragment.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  const rows = Number(fragment.get('rows'));
  return {
    search: fragment.get('search') ?? '',
    filters: Object.fromEntries(chosen),
    sort: fragment.get('sort') ?? '',
    page: Math.max(1, Math.trunc(Number(fragment.get('page') ?? 1)) || 1),
    rows: ROWS_PER_PAGE.find((choice) => choice === rows) ?? PLAIN_VIEW.rows,
  };
}

/** Says only what differs from the plain view. */
export function fragmentOf({ search, filters, sort, page, rows }: View): URLSearchParams {
  const fragment = new URLSearchParams();
  if (search !== '') fragment.set('search', search);
  for (const [name, value] of Object.entries(filters)) fragment.set(name, value);
  if (sort !== '') fragment.set('sort', sort);
  if (page > 1) fragment.set('page', String(page));
  if (rows !== PLAIN_VIEW.rows) fragment.set('rows', String(rows));
  return fragment;
}

/** The column that a view sorts by, and which way round. */
export function sortOf({ sort }: Pick<View, 'sort'>): { name: string; descending: boolean } {
  return sort.startsWith('-') ? { name: sort.slice(1), descending: true } : { name: sort, descending: false };
}
