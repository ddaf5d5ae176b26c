import { OnecardError } from '../../errors.js';
import { isDenied } from '../failure-kinds.js';
import type { Session } from '../session.js';
import { postgresDialect as sql } from './dialect.js';
import { logIn } from './login.js';

/** Settings that are lists: a list in one pair of quotes would be one name. */
const LISTS = [
  'search_path',
  'temp_tablespaces',
  'local_preload_libraries',
  'session_preload_libraries',
  'unix_socket_directories',
];

/**
 * Makes a copy behave like its original: with the settings of the original, which the server keeps outside of
 * it, and with statistics; but unable to reach other servers through foreign tables.
 * @returns what it lacks, in words.
 * @throws OnecardError where a function of it would still work on other databases.
 */
export async function settle(
  session: Session,
  copyUrl: string,
  original: string,
  copy: string,
): Promise<string[]> {
  const copied = await logIn(copyUrl);
  try {
    await refuseReaching(copied.session);
    const mappings = await dropUserMappings(copied.session);
    await copied.session.run('ANALYZE');
    const refused = await copySettings(session, original, copy);
    return [
      ...(mappings > 0 ? ['its user mappings, by which foreign tables write to other servers'] : []),
      ...(refused.length > 0 ? [`the settings ${refused.join(', ')}`] : []),
    ];
  } finally {
    await copied.close();
  }
}

/** What dblink connects to is said in a text, wherever the function is; that may well be the original. */
async function refuseReaching(session: Session): Promise<void> {
  const [row] = await session.rows<{ name: string }>(
    `SELECT CAST(CAST(p.oid AS regprocedure) AS text) AS name
       FROM pg_proc p
      WHERE p.prosrc ~* '\\mdblink(_\\w+)?\\s*\\('
        AND EXISTS (SELECT FROM pg_extension WHERE extname = 'dblink')
        AND NOT EXISTS (SELECT FROM pg_depend d
                         WHERE d.classid = CAST('pg_proc' AS regclass) AND d.objid = p.oid AND d.deptype = 'e')
      ORDER BY 1 LIMIT 1`,
  );
  if (row === undefined) return;
  throw new OnecardError(
    `The function ${row.name} calls dblink: in a copy, it could still work on the original.`,
    { remedy: 'Rehearse a dump file without it, on a server of its own.' },
  );
}

async function dropUserMappings(session: Session): Promise<number> {
  const rows = await session.rows<{ statement: string }>(
    `SELECT format('DROP USER MAPPING FOR %s SERVER %I',
                   CASE umuser WHEN 0 THEN 'PUBLIC' ELSE quote_ident(usename) END, srvname) AS statement
       FROM pg_user_mappings`,
  );
  for (const { statement } of rows) await session.run(statement);
  return rows.length;
}

/** Those for everybody and those for us. */
async function copySettings(session: Session, original: string, copy: string): Promise<string[]> {
  const rows = await session.rows<{ role: string | null; setting: string }>(
    `SELECT r.rolname AS role, c.setting
       FROM pg_db_role_setting s
       JOIN pg_database d ON d.oid = s.setdatabase
      CROSS JOIN LATERAL unnest(s.setconfig) WITH ORDINALITY AS c (setting, position)
       LEFT JOIN pg_roles r ON r.oid = s.setrole
      WHERE d.datname = ${sql.literal(original)} AND (s.setrole = 0 OR r.rolname = current_user)
      ORDER BY s.setrole, c.position`,
  );
  const refused: string[] = [];
  for (const { role, setting } of rows) {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(setting) ?? [];
    const database = `DATABASE ${sql.identifier(copy)}`;
    const whose = role === null ? database : `ROLE ${sql.identifier(role)} IN ${database}`;
    try {
      await session.run(`ALTER ${whose} SET ${settingName(name)} TO ${settingValue(name, value)}`);
    } catch (error) {
      if (!isDenied(error)) throw error;
      refused.push(name);
    }
  }
  return refused;
}

/** An application's own setting has a name in two parts. */
const settingName = (name: string) => name.split('.').map(sql.identifier).join('.');

function settingValue(name: string, value: string): string {
  if (!LISTS.includes(name.toLowerCase())) return sql.literal(value);
  const elements = [...value.matchAll(/"((?:[^"]|"")*)"|([^\s,]+)/g)];
  if (elements.length === 0) return sql.literal('');
  return elements
    .map(([, quoted, bare]) => sql.literal(quoted?.replaceAll('""', '"') ?? bare ?? ''))
    .join(', ');
}
