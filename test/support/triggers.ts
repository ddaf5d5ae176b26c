import type { Kind } from './servers/server.js';

/** Makes a trigger of the application on a table, which does this for each row. */
export function triggerSql(kind: Kind, name: string, when: string, table: string, body: string): string {
  if (kind === 'mysql') return `CREATE TRIGGER ${name} ${when} ON ${table} FOR EACH ROW BEGIN ${body}; END`;
  return `
    CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body}; RETURN NEW; END $$;
    CREATE TRIGGER ${name} ${when} ON ${table} FOR EACH ROW EXECUTE FUNCTION ${name}();`;
}
