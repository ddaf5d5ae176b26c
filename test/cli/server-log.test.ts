import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onecard } from '../support/cli.js';
import { type DatabaseUnderTest, serverDatabases } from '../support/databases.js';
import { startMariadb } from '../support/servers/mariadb.js';
import { startPostgres } from '../support/servers/postgres.js';
import type { Login, OwnServer } from '../support/servers/server.js';
import { logStatements, type StatementLog } from '../support/statements.js';
import { cast } from './cast.js';

const PROBE = 'DROP VIEW IF EXISTS onecard_tries_to_write';

/** What reads, and what is said about the session alone. */
const HARMLESS = [
  /^(SELECT|WITH|SHOW)\b/i,
  /^DECLARE \w+ NO SCROLL CURSOR FOR\s+(SELECT|WITH)\b/i,
  /^(FETCH|CLOSE)\b/i,
  /^(BEGIN|START TRANSACTION|COMMIT|ROLLBACK)\b/i,
  /^SET (?!GLOBAL|PERSIST)/i,
];
/** What would make a SELECT more than a read: locks, sequences, files. */
const MORE_THAN_A_READ =
  /\bFOR (UPDATE|NO KEY UPDATE|SHARE|KEY SHARE)\b|\bLOCK IN SHARE MODE\b|\bINTO (OUTFILE|DUMPFILE|@)|\b(nextval|setval|pg_\w*advisory\w*|lo_\w+|GET_LOCK|pg_terminate_backend)\s*\(|\b(INSERT|UPDATE|DELETE|MERGE|TRUNCATE|CREATE|ALTER|GRANT)\s+(INTO|FROM|TABLE|SCHEMA|[\w"`.]+\s+SET)\b/i;

function writesAmong(statements: string[]): string[] {
  return statements.filter(
    (sql) => !HARMLESS.some((known) => known.test(sql)) || MORE_THAN_A_READ.test(withoutTexts(sql)),
  );
}

/** Data may hold any word. */
function withoutTexts(sql: string): string {
  return sql.replaceAll(/'(?:[^'\\]|''|\\.)*'/g, "''");
}

describe.each(serverDatabases)("the server's own log on $name", ({ kind, fresh }: DatabaseUnderTest) => {
  let server: OwnServer;
  let log: StatementLog;
  let login: Login;
  let folder: string;
  let url: string;

  beforeAll(async () => {
    server = await (kind === 'postgres' ? startPostgres() : startMariadb());
    url = await server.createDatabase('logged');
    await cast.fill((sql) => server.query(sql, 'logged'), kind);
    login = await server.createRole('looker');
    await server.query(
      kind === 'postgres'
        ? 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker'
        : "GRANT SELECT ON logged.* TO looker@'%'",
      'logged',
    );
    log = await logStatements(server);
    folder = (await fresh()).folder;
  });
  afterAll(() => server?.stop());

  const as = ({ name, password }: Login) => {
    const its = new URL(url);
    its.username = name;
    its.password = password;
    return { folder, env: { DATABASE_URL: its.href } };
  };

  it.each([
    'migrate --dry-run',
    'migrate --dry-run --json',
    'migrate --dry-run --sql',
    'migrate --dry-run --limit 0 --plan-out plan.ndjson',
  ])('has nothing but reads and the one refused write of %s', async (command) => {
    const { result, statements } = await log.during(login.name, () => onecard(command.split(' '), as(login)));
    expect(result.code, result.stderr).toBe(0);
    expect(writesAmong(statements)).toEqual([PROBE]);
    expect(statements.length).toBeGreaterThan(5);
  });

  it.each(['scan', 'scan --json', 'verify', 'report', 'report --json'])(
    'has nothing but reads of %s',
    async (command) => {
      const { result, statements } = await log.during(login.name, () =>
        onecard(command.split(' '), as(login)),
      );
      expect([0, 3], result.stderr).toContain(result.code);
      const writes = writesAmong(statements).filter((sql) => sql !== PROBE);
      // MariaDB tells privileges by refusing: the session is read-only, and each is about no row.
      const isTrial = (sql: string) => /onecard_tries_privileges|WHERE 1 = 0$/.test(sql);
      expect(writes.filter((sql) => !isTrial(sql))).toEqual([]);
      if (kind === 'postgres' || !command.startsWith('scan')) expect(writes).toEqual([]);
      expect(statements.length).toBeGreaterThan(5);
    },
  );

  it('has the writes of a run, which shows that it has everything', async () => {
    const { superuser: name, password } = server;
    const { result, statements } = await log.during(name, () =>
      onecard(['migrate', '--yes'], as({ name, password })),
    );
    expect(result.code, result.stderr).toBe(0);
    const writes = writesAmong(statements).map((sql) => sql.replaceAll(/["`]/g, ''));
    for (const expected of [
      /^CREATE TABLE IF NOT EXISTS onecard/,
      /^INSERT INTO onecard[._]decision/,
      /^INSERT INTO (public\.|logged\.)?person/,
      /^UPDATE (public\.|logged\.)?operator/,
      /^SELECT[\s\S]*FOR (NO KEY )?UPDATE/,
    ])
      expect(writes).toContainEqual(expect.stringMatching(expected));
  });
});
