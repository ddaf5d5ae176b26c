import type { Readable } from './contents.js';

/** A line for each schema, table, column, index and constraint, with its definition. */
export async function schemaOf({ kind, query }: Readable): Promise<string[]> {
  if (kind === 'mysql') {
    const tables = await query(
      'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1',
    );
    const lines: string[] = [];
    for (const { name } of tables) {
      const [row] = await query(`SHOW CREATE TABLE \`${name}\``);
      const definition = String(row?.['Create Table']);
      lines.push(...definition.replace(/ AUTO_INCREMENT=\d+/, '').split('\n'));
    }
    return lines;
  }
  const rows = await query(`
    SELECT concat_ws(' ', 'schema', nspname) AS line FROM pg_namespace WHERE nspname !~ '^pg_'
    UNION ALL
    SELECT concat_ws(' ', 'column', table_schema, table_name, ordinal_position, column_name, data_type, character_maximum_length, is_nullable, column_default)
      FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
    UNION ALL
    SELECT indexdef FROM pg_indexes WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
    UNION ALL
    SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
     WHERE connamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    ORDER BY 1`);
  return rows.map(({ line }) => String(line));
}
