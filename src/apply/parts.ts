const ROWS = 500;
const CHARACTERS = 1 << 18;

/** What goes to one position of the journal. */
export interface Row {
  readonly position: number;
  /** SQL. */
  readonly value: string;
}

/** So many rows go into one statement, and about so many characters. */
export function* parts(rows: readonly Row[]): Iterable<readonly Row[]> {
  let part: Row[] = [];
  let characters = 0;
  for (const row of rows) {
    part.push(row);
    characters += row.value.length;
    if (part.length < ROWS && characters < CHARACTERS) continue;
    yield part;
    part = [];
    characters = 0;
  }
  if (part.length > 0) yield part;
}

/** A table of them, with the columns position and value. */
export function tableOfRows(rows: readonly Row[]): string {
  const selects = rows.map(({ position, value }) => `SELECT ${position} AS position, ${value} AS value`);
  return `(${selects.join('\n         UNION ALL ')})`;
}
