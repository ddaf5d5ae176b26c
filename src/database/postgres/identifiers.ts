import type { Session } from '../session.js';

export async function identifiersPostgres(session: Session): Promise<string[]> {
  const rows = await session.rows<{ name: string }>(
    `WITH application AS (
       SELECT oid, nspname
         FROM pg_namespace
        WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'
     )
     SELECT current_database() AS name
      UNION SELECT nspname FROM application
      UNION SELECT relname FROM pg_class JOIN application a ON a.oid = relnamespace
      UNION SELECT attname
              FROM pg_attribute
              JOIN pg_class c ON c.oid = attrelid
              JOIN application a ON a.oid = c.relnamespace
             WHERE attnum > 0 AND NOT attisdropped
      UNION SELECT conname FROM pg_constraint JOIN application a ON a.oid = connamespace
      UNION SELECT tgname
              FROM pg_trigger
              JOIN pg_class c ON c.oid = tgrelid
              JOIN application a ON a.oid = c.relnamespace
             WHERE NOT tgisinternal
      UNION SELECT proname FROM pg_proc JOIN application a ON a.oid = pronamespace
      UNION SELECT typname FROM pg_type JOIN application a ON a.oid = typnamespace`,
  );
  return rows.map(({ name }) => name);
}
