import { OnecardError } from '../../errors.js';
import type { Session } from '../session.js';
import { postgresDialect as sql } from './dialect.js';

/** The database of the target and who asks for it, as the server's catalogs know them. */
export interface Source {
  readonly name: string;
  /** What of CREATE DATABASE keeps its encoding and locale. */
  readonly locale: string;
  readonly user: string;
  readonly isSuperuser: boolean;
  readonly mayCreate: boolean;
  readonly mayUseAsTemplate: boolean;
  /** Null for the user itself. */
  readonly otherOwner: string | null;
  readonly sessions: number;
  /** Of the server: 15. */
  readonly version: number;
}

/** @throws OnecardError where there is no such database. */
export async function readSource(session: Session, name: string): Promise<Source> {
  const [row] = await session.rows<{
    database: Record<string, string | number | null>;
    encoding: string;
    user: string;
    owner: string;
    superuser: boolean;
    may: boolean;
    template: boolean;
    sessions: number;
    version: number;
  }>(
    `SELECT to_jsonb(d) AS database, pg_encoding_to_char(d.encoding) AS encoding,
            current_user AS user, pg_get_userbyid(d.datdba) AS owner,
            r.rolsuper AS superuser, r.rolsuper OR r.rolcreatedb AS may,
            d.datistemplate OR pg_has_role(d.datdba, 'USAGE') AS template,
            (SELECT CAST(count(*) AS int) FROM pg_stat_activity a
              WHERE a.datid = d.oid AND a.pid <> pg_backend_pid() AND a.backend_type <> 'autovacuum worker') AS sessions,
            CAST(current_setting('server_version_num') AS int) / 10000 AS version
       FROM pg_database d, pg_roles r
      WHERE d.datname = ${sql.literal(name)} AND r.rolname = current_user`,
  );
  if (row === undefined) {
    throw new OnecardError(`The server has no database ${name}.`, {
      remedy: 'Check the database name at the end of the URL.',
    });
  }
  return {
    name,
    locale: localeOf(row.database, row.encoding),
    user: row.user,
    isSuperuser: row.superuser,
    mayCreate: row.may,
    mayUseAsTemplate: row.template,
    otherOwner: row.owner === row.user ? null : row.owner,
    sessions: row.sessions,
    version: row.version,
  };
}

/** @param row of pg_database, whose columns differ from version to version. */
function localeOf(row: Readonly<Record<string, string | number | null>>, encoding: string): string {
  const icu = row['datlocale'] ?? row['daticulocale'];
  const option = (words: string, value: string | number | null | undefined) =>
    value == null ? [] : [`${words} ${sql.literal(value)}`];
  const byProvider = {
    i: ['LOCALE_PROVIDER icu', ...option('ICU_LOCALE', icu), ...option('ICU_RULES', row['daticurules'])],
    c: ['LOCALE_PROVIDER libc'],
    b: ['LOCALE_PROVIDER builtin', ...option('BUILTIN_LOCALE', row['datlocale'])],
  };
  const provider = row['datlocprovider'];
  return [
    `ENCODING ${sql.literal(encoding)}`,
    ...option('LC_COLLATE', row['datcollate']),
    ...option('LC_CTYPE', row['datctype']),
    ...(provider === 'i' || provider === 'b' || provider === 'c' ? byProvider[provider] : []),
  ].join(' ');
}
