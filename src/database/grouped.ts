/** What is read of the rows of each table, in the order of the rows, under what tells the tables apart. */
export function grouped<R, T>(
  rows: readonly R[],
  tableOf: (row: R) => string,
  read: (row: R) => T,
): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(tableOf(row)) ?? [];
    groups.set(tableOf(row), group);
    group.push(read(row));
  }
  return groups;
}
