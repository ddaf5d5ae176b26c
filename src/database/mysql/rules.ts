import type { TableName } from '../../model/configuration.js';
import type { CheckRule, ForeignKeyRule, TableRules, UniqueRule } from '../schema.js';
import type { Session } from '../session.js';
import { identifier, quoted } from './quoting.js';

export async function rulesMysql(
  session: Session,
  { schema, name }: Required<TableName>,
): Promise<TableRules> {
  const where = `TABLE_SCHEMA = ${quoted(schema ?? '')} AND TABLE_NAME = ${quoted(name)}`;
  return {
    uniques: await readUniques(session, where),
    checks: await readChecks(session, schema ?? '', name),
    foreignKeys: await readForeignKeys(session, where),
    defaults: await readDefaults(session, where),
  };
}

/** An index on the beginning of a column allows no two that begin alike. */
async function readUniques(session: Session, where: string): Promise<UniqueRule[]> {
  const rows = await session.rows<{ index: string; column: string | null; prefix: string | null }>(
    `SELECT INDEX_NAME AS \`index\`, COLUMN_NAME AS \`column\`, CAST(SUB_PART AS CHAR) AS prefix
       FROM information_schema.STATISTICS
      WHERE ${where} AND NON_UNIQUE = 0 ORDER BY INDEX_NAME, SEQ_IN_INDEX`,
  );
  const rules = new Map<string, { expressions: string[]; columns: string[]; isKnown: boolean }>();
  for (const { index, column, prefix } of rows) {
    const rule = rules.get(index) ?? { expressions: [], columns: [], isKnown: true };
    rules.set(index, rule);
    // MySQL indexes expressions, too, and does not give them here.
    if (column === null) rule.isKnown = false;
    else {
      rule.columns.push(column);
      rule.expressions.push(prefix === null ? identifier(column) : `LEFT(${identifier(column)}, ${prefix})`);
    }
  }
  return [...rules]
    .filter(([, { isKnown }]) => isKnown)
    .map(([name, { expressions, columns }]) => ({ name, expressions, columns, where: undefined }));
}

async function readChecks(session: Session, schema: string, table: string): Promise<CheckRule[]> {
  const rows = await session.rows<{ name: string; expression: string }>(
    `SELECT DISTINCT c.CONSTRAINT_NAME AS name, c.CHECK_CLAUSE AS expression
       FROM information_schema.CHECK_CONSTRAINTS AS c
       JOIN information_schema.TABLE_CONSTRAINTS AS t
         ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME
      WHERE t.CONSTRAINT_TYPE = 'CHECK' AND t.TABLE_SCHEMA = ${quoted(schema)} AND t.TABLE_NAME = ${quoted(table)}
        AND c.CONSTRAINT_SCHEMA = ${quoted(schema)}
      ORDER BY 1`,
  );
  return rows.map(({ name, expression }) => ({ name, expression, columns: namedIn(expression) }));
}

/** The server writes every column in backticks; texts are left out. */
function namedIn(expression: string): string[] {
  const bare = expression.replace(/'(?:[^'\\]|\\.|'')*'/g, "''");
  return [
    ...new Set([...bare.matchAll(/`((?:[^`]|``)+)`/g)].map(([, name = '']) => name.replaceAll('``', '`'))),
  ];
}

async function readForeignKeys(session: Session, where: string): Promise<ForeignKeyRule[]> {
  const rows = await session.rows<{
    name: string;
    own: string;
    schema: string;
    table: string;
    target: string;
  }>(
    `SELECT CONSTRAINT_NAME AS name, COLUMN_NAME AS own, REFERENCED_TABLE_SCHEMA AS \`schema\`,
            REFERENCED_TABLE_NAME AS \`table\`, REFERENCED_COLUMN_NAME AS target
       FROM information_schema.KEY_COLUMN_USAGE
      WHERE ${where} AND REFERENCED_TABLE_NAME IS NOT NULL
      ORDER BY CONSTRAINT_NAME, ORDINAL_POSITION`,
  );
  const keys = new Map<string, ForeignKeyRule>();
  for (const { name, own, schema, table, target } of rows) {
    const columns = [...(keys.get(name)?.columns ?? []), { own, target }];
    keys.set(name, { name, table: { schema, name: table }, columns });
  }
  return [...keys.values()];
}

/** MariaDB gives expressions; only constants are the same for every row. */
async function readDefaults(session: Session, where: string): Promise<Map<string, string>> {
  const rows = await session.rows<{ name: string; expression: string }>(
    `SELECT COLUMN_NAME AS name, COLUMN_DEFAULT AS expression
       FROM information_schema.COLUMNS
      WHERE ${where} AND COLUMN_DEFAULT IS NOT NULL AND COLUMN_DEFAULT <> 'NULL'`,
  );
  return new Map(
    rows
      .filter(({ expression }) => /^('.*'|-?\d+(\.\d+)?)$/s.test(expression))
      .map((row) => [row.name, row.expression]),
  );
}
