import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { OnecardError } from '../../src/errors.js';
import { type Loaded, loadDump } from '../../src/snapshot/dump/load.js';
import { recognizeDump } from '../../src/snapshot/dump/recognize.js';
import { contents, type Readable } from '../support/contents.js';
import { databases, mariadb, postgres, type TestDatabase } from '../support/databases.js';
import { mariadbDump, pgDump, pgDumpAll } from '../support/dumps.js';
import { copySample, withSample } from '../support/embedded.js';
import { eventful } from '../support/eventful.js';
import type { Login, Server } from '../support/servers/server.js';
import { topdeskTemplate } from '../support/topdesk.js';

/** An empty database to load into. */
interface Empty {
  readonly name: string;
  readonly readable: Readable;
  load(path: string, signal?: AbortSignal, as?: Login): Promise<Loaded>;
}

let folder: string;
let made = 0;

beforeAll(async () => {
  folder = join(inject('sharedFolder'), `dumps-${process.pid}`);
  await mkdir(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const databaseOf = (kind: 'PostgreSQL' | 'MariaDB') => databases.find(({ name }) => name === kind);
const newName = () => `loaded_${process.pid}_${made++}`;

/** Writes a file whose characters are bytes. */
async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === 'string' ? Buffer.from(content, 'latin1') : content);
  return path;
}

async function emptyOn(server: Server): Promise<Empty> {
  const name = newName();
  const url = await server.createDatabase(name);
  return {
    name,
    readable: { kind: server.kind, query: (sql) => server.query(sql, name) },
    async load(path, signal, as) {
      const its = new URL(url);
      if (as) Object.assign(its, { username: as.name, password: as.password });
      return loadDump(
        await recognizeDump(path),
        { target: { kind: server.kind, url: its.href }, workplace: folder, env: process.env },
        { ...(signal && { signal }) },
      );
    },
  };
}

async function emptyEmbedded(): Promise<Empty> {
  const name = newName();
  const workplace = join(folder, name);
  await copySample(workplace);
  return {
    name,
    readable: { kind: 'postgres', query: (sql) => withSample(workplace, (query) => query(sql)) },
    load: async (path) =>
      loadDump(await recognizeDump(path), {
        target: { kind: 'embedded' },
        workplace,
        env: process.env,
      }),
  };
}

/** Of PostgreSQL: there is one where the tables were analyzed. */
const STATISTICS = "SELECT attname FROM pg_stats WHERE tablename = 'hostile' AND attname = 'value'";

/** What was set for the whole server, or for a database of it. */
const OWN_SETTINGS = `SELECT setconfig::text FROM pg_db_role_setting
                       UNION ALL SELECT name FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf'`;

/** The error of a load, as its user reads it. */
async function refusal(work: Promise<unknown>): Promise<OnecardError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof OnecardError) return error;
  throw new Error('It was not refused', { cause: error });
}

/** Without what is another one each time. */
const comparable = (dump: string) =>
  dump
    .replace(/^\\(?:un)?restrict .*$/gm, '')
    .replace(/^-- (?:Host:|Dumping (?:routines|events) for) .*$/gm, '');

const lineOf = (text: string, part: string) => text.slice(0, text.indexOf(part)).split('\n').length;

describe.runIf(postgres)('a dump of PostgreSQL', () => {
  const server = postgres as Server;
  let original: TestDatabase;
  let plain: string;
  let restored: string;

  beforeAll(async () => {
    original = (await databaseOf('PostgreSQL')?.fresh(eventful)) as TestDatabase;
    plain = await pgDump(server, original.name);
    restored = comparable(await pgDump(server, original.name, WITHOUT));
  });

  /** What is left out, and told. */
  const WITHOUT = ['--no-owner', '--no-privileges', '--no-publications'];

  const formats: readonly (readonly [string, string, () => Promise<string>])[] = [
    ['plain', 'plain', () => file('plain', plain)],
    ['plain, gzipped', 'plain', () => file('plain.gz', gzipSync(Buffer.from(plain, 'latin1')))],
    [
      'plain, with INSERTs',
      'plain',
      async () => file('i', await pgDump(server, original.name, ['--inserts'])),
    ],
    [
      'plain, with --create',
      'plain',
      async () => file('c', await pgDump(server, original.name, ['--create'])),
    ],
    ['plain, with --clean', 'plain', async () => file('d', await pgDump(server, original.name, ['--clean']))],
    ['custom', 'custom', () => archive('custom')],
    ['directory', 'directory', () => archive('directory')],
    ['directory, not compressed', 'directory', () => archive('directory', '--compress=0')],
    ['tar', 'tar', () => archive('tar')],
    ['tar, gzipped', 'tar', async () => file('tar.gz', gzipSync(await readFile(await archive('tar'))))],
    [
      'custom, gzipped',
      'custom',
      async () => file('custom.gz', gzipSync(await readFile(await archive('custom')))),
    ],
  ];

  async function archive(format: string, ...options: string[]): Promise<string> {
    const path = join(folder, `archive-${made++}`);
    await pgDump(server, original.name, [`--format=${format}`, `--file=${path}`, ...options]);
    return path;
  }

  it.each(formats)('%s: is known by its content, and loads as it was', async (_, format, dump) => {
    const path = await dump();
    expect(await recognizeDump(path)).toMatchObject({ family: 'postgres', format });
    const empty = await emptyOn(server);
    const { rows, statements } = await empty.load(path);
    expect(comparable(await pgDump(server, empty.name, WITHOUT))).toBe(restored);
    expect(rows).toBeGreaterThan(100);
    expect(statements).toBeGreaterThan(20);
    expect(await empty.readable.query(STATISTICS)).toHaveLength(1);
    await server.dropDatabase(empty.name);
  });

  it.each(formats.filter(([name]) => /^(?:plain|plain, with INSERTs|custom)$/.test(name)))(
    '%s: loads into the embedded database',
    async (_, __, dump) => {
      const empty = await emptyEmbedded();
      await empty.load(await dump());
      expect(await contents(empty.readable)).toEqual(await contents(original));
      expect(await empty.readable.query(STATISTICS)).toHaveLength(1);
      expect(await empty.readable.query('SELECT count_hostile(1) AS n')).toEqual(
        await original.query('SELECT count_hostile(1) AS n'),
      );
    },
  );

  it('says what of it was left out', async () => {
    const empty = await emptyOn(server);
    const { skipped } = await empty.load(await file('told', plain));
    expect(skipped.map((each) => each.replace(/: \d+$/, ''))).toEqual([
      'owners (ALTER … OWNER TO)',
      'publications',
      'privileges (GRANT, REVOKE)',
      'default privileges',
    ]);
    expect(await empty.readable.query('SELECT pubname FROM pg_publication')).toEqual([]);
  });

  it('of the topdesk fixture loads on the server and into the embedded database', async () => {
    const topdesk = (await databaseOf('PostgreSQL')?.fresh(topdeskTemplate)) as TestDatabase;
    const path = await file('topdesk', await pgDump(server, topdesk.name));
    const expected = await contents(topdesk);
    for (const empty of [await emptyOn(server), await emptyEmbedded()]) {
      await empty.load(path);
      expect(await contents(empty.readable)).toEqual(expected);
    }
  });

  describe.each([
    ['on the server', () => emptyOn(server)],
    ['in the embedded database', emptyEmbedded],
  ] as const)('%s', (_, empty) => {
    it('is refused with the line of the row that the database does not take', async () => {
      const wrong = plain.replace(/^(7\t.*\n)/m, 'x$1');
      const path = await file('row', wrong);
      const error = await refusal((await empty()).load(path));
      expect(error.message).toBe(
        `The dump ${path} cannot be loaded: line ${lineOf(wrong, '\nx7\t') + 1}: invalid input syntax for type bigint: "x7".`,
      );
      expect(error.exitCode).toBe(2);
      expect(error.remedy).toMatch(/Mend that line/);
    });

    it('is refused with the line of a row far behind, after megabytes of rows', async () => {
      const rows = Array.from({ length: 60_000 }, (_, n) => `${n}\t${'x'.repeat(80)}\n`);
      rows[57_000] = 'wrong\tx\n';
      const dump = `SET search_path = public;\nCREATE TABLE far (id int, x text);\nCOPY far FROM stdin;\n${rows.join('')}\\.\n`;
      const { message } = await refusal((await empty()).load(await file('far', dump)));
      expect(message).toContain(`line ${57_000 + 4}: invalid input syntax for type integer: "wrong".`);
    });

    it('is refused with the line within the statement that the database does not take', async () => {
      const wrong = plain.replace('    what text\n', '    what tekst\n');
      expect(wrong).not.toBe(plain);
      const error = await refusal((await empty()).load(await file('statement', wrong)));
      expect(error.message).toContain(`line ${lineOf(wrong, 'what tekst')}: type "tekst" does not exist.`);
    });

    it('stays where it has begun a transaction, and not ended it', async () => {
      const { load, readable } = await empty();
      await load(await file('begun', 'SET search_path = public;\nBEGIN;\nCREATE TABLE begun (id int);\n'));
      expect(await readable.query('SELECT id FROM public.begun')).toEqual([]);
    });

    it('is refused where a second one is cut off behind it', async () => {
      const second = `${plain}\n-- PostgreSQL database dump\nSET lock_timeout = 0;\n`;
      const error = await refusal((await empty()).load(await file('second', second)));
      expect(error.message).toContain('the dump is cut off here');
    });

    it('is refused where it is cut off: in rows, in a statement, between statements', async () => {
      const cuts = ['\n9\t', 'RETURN NEW', '-- PostgreSQL database dump complete'];
      for (const cut of cuts) {
        const short = plain.slice(0, plain.lastIndexOf(cut));
        const error = await refusal((await empty()).load(await file('cut', short)));
        expect(error.message).toContain(`line ${short.split('\n').length}: the dump is cut off here.`);
      }
    });
  });

  it('is refused where its gzip file is cut off, with the line up to which it could be unpacked', async () => {
    const path = await file('cut.gz', gzipSync(Buffer.from(plain, 'latin1')));
    await truncate(path, 9_000);
    const { message } = await refusal((await emptyOn(server)).load(path));
    expect(message).toMatch(/line \d{2,}: gzip cannot unpack what follows\.$/);
  });

  it('is refused where an archive is cut off, in the words of pg_restore', async () => {
    const path = await archive('custom');
    await truncate(path, 9_000);
    const error = await refusal((await emptyOn(server)).load(path));
    expect(error.message).toMatch(/cannot be read by pg_restore: could not read from input file/);
    expect(error.remedy).toMatch(/cut off or damaged/);
  });

  it('is refused where a tar archive is cut off, wherever, before anything reads it', async () => {
    const bytes = await readFile(await archive('tar'));
    const short = bytes.subarray(0, Math.floor((bytes.length * 2) / 3));
    const cases = [
      ['behind a header', bytes.subarray(0, 512)],
      ['amid content', short],
      ['amid content that is zeros', Buffer.concat([short, Buffer.alloc(1024)])],
      ['before the end', bytes.subarray(0, bytes.length - 1024)],
    ] as const;
    for (const [where, content] of cases) {
      const path = await file(`cut ${where}.tar`, content);
      const error = await refusal(recognizeDump(path));
      expect(error.message).toBe(`The dump ${path} cannot be loaded: the tar archive is cut off.`);
      expect(error.remedy).toMatch(/Copy the file again/);
    }
  });

  it('is refused where a gzipped tar archive is cut off, as soon as that shows', async () => {
    const bytes = await readFile(await archive('tar'));
    const short = bytes.subarray(0, Math.floor((bytes.length * 2) / 3));
    const packed = gzipSync(bytes);
    const cases = [
      [gzipSync(short), 'the tar archive is cut off'],
      [packed.subarray(0, (packed.length * 2) / 3), 'gzip cannot unpack what follows'],
    ] as const;
    for (const [content, why] of cases) {
      const path = await file('cut.tar.gz', content);
      const { message } = await refusal((await emptyOn(server)).load(path));
      expect(message).toMatch(/: line \d+ of the script that pg_restore makes of it: /);
      expect(message).toContain(`: ${why}.`);
      expect(await programsAt(path)).toEqual([]);
    }
  });

  it('ends where its load is aborted while pg_restore says nothing', async () => {
    const path = await archive('directory', '--compress=0');
    const data = (await readdir(path)).find((name) => /^\d+\.dat$/.test(name)) ?? '';
    await rm(join(path, data));
    // Nobody ever writes to it.
    await promisify(execFile)('mkfifo', [join(path, data)]);
    const abort = new AbortController();
    const empty = await emptyOn(server);
    const load = empty.load(path, abort.signal);
    const waiting = `SELECT pid FROM pg_stat_activity WHERE datname = '${empty.name}'
                        AND wait_event = 'ClientRead' AND state_change < clock_timestamp() - interval '0.5 s'`;
    await vi.waitUntil(async () => (await server.query(waiting)).length === 1, { timeout: 10_000 });
    expect(await programsAt(path)).toHaveLength(1);
    abort.abort(new Error('enough'));
    await expect(load).rejects.toThrow('enough');
    expect(await programsAt(path)).toEqual([]);
  });

  /** Processes that were called with this file. */
  async function programsAt(path: string): Promise<string[]> {
    const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'args=']);
    return stdout.split('\n').filter((line) => /pg_restore/.test(line) && line.includes(path));
  }

  it.each([
    `COPY (SELECT 1) TO PROGRAM 'touch FILE';`,
    `COPY (SELECT 1 AS n) TO 'FILE';`,
    `COPY public.taken FROM PROGRAM 'touch FILE' WHERE t = ' FROM stdin';`,
    `COPY public.taken (t) FROM '/etc/passwd';`,
    `copy/**/public.taken from program 'touch FILE';`,
    `LOAD 'auto_explain';`,
  ])('is refused with the line where it reaches files or programs: %s', async (statement) => {
    const made = join(tmpdir(), `onecard-reached-${process.pid}`);
    await rm(made, { force: true });
    const dump = `${plain}CREATE TABLE public.taken (t text);\n${statement.replace('FILE', made)}\n`;
    const error = await refusal((await emptyOn(server)).load(await file('reaching', dump)));
    expect(error.message).toMatch(
      new RegExp(`: line ${plain.split('\n').length + 1}: "?(?:COPY|LOAD)\\b`, 'i'),
    );
    expect(existsSync(made)).toBe(false);
  });

  it('is refused where pg_restore is missing or too old', async () => {
    const path = await archive('custom');
    const bytes = await readFile(path);
    // The version of the format, behind its magic.
    bytes[6] = 99;
    const newer = await file('newer', bytes);
    const error = await refusal((await emptyOn(server)).load(newer));
    expect(error.message).toMatch(/cannot be read by pg_restore: unsupported version/);
    expect(error.remedy).toMatch(/Install the client programs of the PostgreSQL version that made it/);
  });

  it('is refused where it changes to a second database, or talks to psql', async () => {
    const several = '\\connect one\n\\connect -reuse-previous=on "dbname=\'one\'"\n\\connect two\n';
    const error = await refusal((await emptyOn(server)).load(await file('several', several)));
    expect(error.message).toContain('it holds several databases, one and');
    const psql = await refusal((await emptyOn(server)).load(await file('psql', `${plain}\\! date\n`)));
    expect(psql.message).toContain(
      `line ${plain.split('\n').length}: \\! is a command to psql, not to the server.`,
    );
  });

  it('says so where the embedded database has no such extension', async () => {
    const trigrams = plain.replace(/^SET row_security/m, 'CREATE EXTENSION pg_trgm WITH SCHEMA public;\n$&');
    const error = await refusal((await emptyEmbedded()).load(await file('extension', trigrams)));
    expect(error.message).toContain(
      `line ${lineOf(trigrams, 'CREATE EXTENSION')}: the embedded database has no extension pg_trgm.`,
    );
    expect(error.remedy).toBe('Set DATABASE_URL=postgres://… of a scratch server that has it.');
  });

  it('of another version loads without the settings and the roles that this server does not have', async () => {
    const newer = plain
      .replace(/^SET row_security/m, 'SET a_newer_timeout = 0;\n$&')
      .replace(
        'CREATE POLICY everybody ON public.log USING',
        'CREATE POLICY everybody ON public.log TO nobody_here USING',
      );
    const { skipped } = await (await emptyOn(server)).load(await file('newer-settings', newer));
    expect(skipped).toContain('settings that this server does not have (a_newer_timeout): 1');
    expect(skipped).toContain('row-level policies for roles that are not here: 1');
  });

  it.each([
    'DROP/**/DATABASE other;',
    'DROP -- TABLE\n DATABASE other;',
    'DROP /* /* TABLE */ */ DATABASE other;',
    'DROP /* /* /* /* TABLE */ */ */ */ DATABASE other;',
    'ALTER /* */ DATABASE other SET work_mem = 100;',
    'ALTER/**/SYSTEM SET work_mem = 100;',
    `COPY (SELECT 1) TO PROGRAM 'psql other -c "DROP TABLE there"';`,
    `CREATE TABLE public.a (t text);\nCOPY public.a FROM PROGRAM 'psql other -c "DROP TABLE there"' WHERE t = ' FROM stdin';`,
    'DO $$ BEGIN ALTER DATABASE other SET work_mem = 100; END $$;',
    `CREATE FUNCTION public.begin(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';\nALTER DATABASE other SET work_mem = 100;`,
    `CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $$ SELECT public.dblink_exec('dbname=other', 'DROP TABLE there') $$;`,
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity;',
  ])('leaves other databases and the server alone: %s', async (statement) => {
    const other = await emptyOn(server);
    await other.readable.query('CREATE TABLE there (n int)');
    const dump = await file('reaching', plain + statement.replaceAll('other', other.name));
    // Whether it is refused or left out.
    await (await emptyOn(server)).load(dump).catch((error) => expect(error).toBeInstanceOf(OnecardError));
    expect(await other.readable.query('SELECT n FROM there')).toEqual([]);
    expect(await server.query(OWN_SETTINGS)).toEqual([]);
  });

  it('with a statement for the server, a program or dblink is refused', async () => {
    for (const [statement, why] of [
      [`COPY (SELECT 1) TO '/tmp/x';`, '"COPY" is no statement to load data with'],
      ['SELECT pg_reload_conf();', '"SELECT pg_reload_conf" is no statement to load data with'],
      [
        `CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS 'SELECT dblink_exec(x, y)';`,
        'a function that calls dblink reaches other databases',
      ],
    ] as const) {
      const error = await refusal((await emptyOn(server)).load(await file('refused', plain + statement)));
      expect(error.message).toContain(`line ${plain.split('\n').length}: ${why}.`);
    }
  });

  it('is refused by a server of the other kind', async () => {
    if (!mariadb) return;
    const error = await refusal((await emptyOn(mariadb)).load(await file('family', plain)));
    expect(error.message).toBe('The dump is one of PostgreSQL, and the given server is MySQL or MariaDB.');
  });

  it('ends where its load is aborted, on the server too', async () => {
    const empty = await emptyOn(server);
    const sleeping = plain.replace(
      /^SET row_security/m,
      'CREATE TEMP TABLE sleeping AS SELECT 1 FROM pg_sleep(30);\n$&',
    );
    const abort = new AbortController();
    const load = empty.load(await file('sleeping', sleeping), abort.signal);
    const loading = `SELECT pid FROM pg_stat_activity WHERE datname = '${empty.name}' AND query LIKE 'CREATE TEMP TABLE sleeping%'`;
    await vi.waitUntil(async () => (await server.query(loading)).length === 1, { timeout: 10_000 });
    abort.abort(new Error('enough'));
    await expect(load).rejects.toThrow('enough');
    await vi.waitUntil(async () => (await server.query(loading)).length === 0, { timeout: 10_000 });
  });

  it('loads as a role that owns nothing but its database', async () => {
    const empty = await emptyOn(server);
    const role = await server.createRole(`${empty.name}_role`);
    await server.query(`ALTER DATABASE ${empty.name} OWNER TO ${role.name}`);
    const { skipped } = await empty.load(await file('as-role', plain), undefined, role);
    expect(await contents(empty.readable)).toEqual(await contents(original));
    expect(skipped).toContain('event triggers, which only a superuser may create: 1');
    await server.dropDatabase(empty.name);
    await server.dropRole(role.name);
  });

  it('fails where the connection breaks, and does not blame a line', async () => {
    const dump = plain.replace(
      /^SET row_security/m,
      'CREATE TEMP TABLE broken AS SELECT pg_terminate_backend(pg_backend_pid());\n$&',
    );
    const error = await refusal((await emptyOn(server)).load(await file('broken', dump)));
    expect(error.message).not.toMatch(/line/);
    expect(error.exitCode).toBe(1);
  });
});

describe.runIf(mariadb)('a dump of MariaDB', () => {
  const server = mariadb as Server;
  let original: TestDatabase;
  let plain: string;
  let restored: string;

  beforeAll(async () => {
    original = (await databaseOf('MariaDB')?.fresh()) as TestDatabase;
    // No dump of it would load into a database of another name by the client alone.
    await eventful.fill(original.query, 'mysql');
    plain = await mariadbDump(server, [original.name]);
    restored = comparable(await mariadbDump(server, WITHOUT(original.name)));
  });

  /** Events are left out, and told. */
  const WITHOUT = (name: string) => ['--skip-events', '--skip-dump-date', name];

  const formats: readonly (readonly [string, () => Promise<string>])[] = [
    ['plain', () => file('plain.sql', plain)],
    ['gzipped', () => file('plain.sql.gz', gzipSync(Buffer.from(plain, 'latin1')))],
    [
      'with blobs as they are',
      async () => file('m1', await mariadbDump(server, ['--skip-hex-blob', original.name])),
    ],
    [
      'with blobs in hexadecimal',
      async () => file('m2', await mariadbDump(server, ['--hex-blob', original.name])),
    ],
    [
      'a row in each INSERT',
      async () => file('m3', await mariadbDump(server, ['--skip-extended-insert', original.name])),
    ],
    [
      'with --databases',
      async () =>
        file('m4', await mariadbDump(server, ['--add-drop-database', '--databases', original.name])),
    ],
    ['with --compact', async () => file('m5', await mariadbDump(server, ['--compact', original.name]))],
  ];

  it.each(formats)('%s: is known by its content, and loads as it was', async (_, dump) => {
    const before = await contents(original);
    const path = await dump();
    expect(await recognizeDump(path)).toMatchObject({ family: 'mysql', format: 'plain' });
    const empty = await emptyOn(server);
    const { rows, skipped } = await empty.load(path);
    const again = comparable(await mariadbDump(server, WITHOUT(empty.name)));
    expect(again.replaceAll(`nextval(\`${empty.name}\``, `nextval(\`${original.name}\``)).toBe(restored);
    expect(rows).toBeGreaterThan(100);
    expect(skipped).toContain('events, which would start by themselves: 1');
    expect(await contents(original)).toEqual(before);
    await server.dropDatabase(empty.name);
  });

  it('belongs to who loads it, and what it does stays in its database', async () => {
    const foreign = plain.replaceAll(/DEFINER=`[^`]*`@`[^`]*`/g, 'DEFINER=`nobody`@`nowhere`');
    expect(foreign).not.toBe(plain);
    const empty = await emptyOn(server);
    await empty.load(await file('definers', foreign));
    await empty.readable.query(`UPDATE hostile SET value = 'a;b' WHERE id = 2`);
    expect(await empty.readable.query('SELECT what FROM log')).toEqual([{ what: "c';d" }]);
    expect(await original.query('SELECT what FROM log')).toEqual([]);
    expect(await empty.readable.query('SELECT n FROM upper_view LIMIT 1')).toHaveLength(1);
    expect(comparable(await mariadbDump(server, WITHOUT(empty.name)))).not.toContain('nobody');
  });

  it('is refused where a trigger, a routine or a view names the original', async () => {
    const { name } = original;
    const cases = [
      ['INSERT INTO log', `INSERT INTO \`${name}\`.log`],
      ['SELECT count(*) INTO n FROM hostile', `SELECT count(*) INTO n FROM \`log\`, ${name}.hostile`],
      ['CALL clean_more(1)', `CALL ${name} . clean_more(1)`],
      ['`count_hostile`(1) AS `n`', `\`${name}\`.\`count_hostile\`(1) AS \`n\``],
    ] as const;
    for (const [there, instead] of cases) {
      const dump = plain.replaceAll(there, instead);
      expect(dump).not.toBe(plain);
      const error = await refusal((await emptyOn(server)).load(await file('names', dump)));
      expect(error.message).toContain(
        `line ${lineOf(dump, instead)}: it names the database ${name}, which is on this server and must not be touched.`,
      );
    }
    expect(await original.query('SELECT what FROM log')).toEqual([]);
  });

  it.each([
    'SET STATEMENT lock_wait_timeout = 1 FOR DROP DATABASE other;',
    'DELIMITER ;;\nBEGIN NOT ATOMIC DROP DATABASE other; END;;\nDELIMITER ;',
    'DROP /* TABLE */ DATABASE other;',
    'DROP -- TABLE\n DATABASE other;',
    'DROP /*!99999 TABLE */ DATABASE other;',
    'INSERT INTO /* VALUES ( */ other.there VALUES (2);',
    'INSERT IGNORE other.there SET other = 2;',
    'CREATE TABLE gone (n int);\nALTER TABLE gone RENAME other.gone, ADD other int;',
    `SET sql_mode = 'NO_BACKSLASH_ESCAPES';\nDO CONCAT('\\', nextval(other.numbers), '');`,
    'SET/**/GLOBAL long_query_time = 77;',
    'SET @@global . long_query_time = 77;',
    `SET @a = '${'x'.repeat(3_000)}', GLOBAL long_query_time = 77;`,
  ])('leaves other databases and the server alone: %s', async (statement) => {
    const other = await emptyOn(server);
    const query = other.readable.query;
    await query(`CREATE TABLE there (${other.name} int PRIMARY KEY)`);
    await query('CREATE SEQUENCE numbers');
    const dump = await file('reaching', `${plain}\n${statement.replaceAll(/\bother\b/g, other.name)}`);
    // Whether it is refused or left out.
    await (await emptyOn(server)).load(dump).catch((error) => expect(error).toBeInstanceOf(OnecardError));
    expect(await query('SELECT * FROM there')).toEqual([]);
    expect(await query('SHOW TABLES')).toHaveLength(2);
    expect(await query('SELECT CAST(next_not_cached_value AS CHAR) AS next FROM numbers')).toEqual([
      { next: '1' },
    ]);
    expect(await query('SELECT @@GLOBAL.long_query_time < 77 AS same')).toEqual([{ same: 1 }]);
  });

  it('has the dates that it has, and is refused where the server would put something else', async () => {
    const { load, readable } = await emptyOn(server);
    const odd = "CREATE TABLE odd (day date);\nINSERT INTO odd VALUES ('2024-02-31');\n";
    const loaded = plain.replace(/^CREATE TABLE/m, `${odd}$&`);
    await load(await file('dates.sql', loaded));
    expect(await readable.query('SELECT CAST(day AS CHAR) AS day FROM odd')).toEqual([{ day: '2024-02-31' }]);
    for (const [column, value, words] of [
      ['varchar(5) CHARACTER SET latin1', `'\xe2\x98\x83'`, 'Incorrect string value'],
      ['tinyint', '300', 'Out of range value'],
      ['int CHECK (c > 5)', '2', 'CONSTRAINT `bad.c` failed'],
    ] as const) {
      const bad = `CREATE TABLE bad (c ${column});\nINSERT INTO bad VALUES (${value});\n`;
      const dump = plain.replace(/^CREATE TABLE/m, `${bad}$&`);
      const { message } = await refusal((await emptyOn(server)).load(await file('bad.sql', dump)));
      expect(message).toContain(`line ${lineOf(dump, 'INSERT INTO bad')}: ${words}`);
    }
  });

  it('names a database as its alias, or in a text or a comment, and loads', async () => {
    const { name } = original;
    const empty = await emptyOn(server);
    await empty.load(
      await file(
        'alias.sql',
        `${plain}\nCREATE TABLE told (n int, ${name} text COMMENT '${name}.log INTO OUTFILE') -- ${name}.log
;\nCREATE VIEW aliased AS SELECT ${name}.n FROM told AS ${name};
INSERT INTO told VALUES (1, '${name}.log INTO OUTFILE');\n`,
      ),
    );
    expect(await empty.readable.query('SELECT n FROM aliased')).toEqual([{ n: 1 }]);
  });

  it('of several databases is refused with the line of the second', async () => {
    const second = await emptyOn(server);
    const dump = await mariadbDump(server, ['--databases', original.name, second.name]);
    const error = await refusal((await emptyOn(server)).load(await file('several.sql', dump)));
    expect(error.message).toContain(
      `line ${lineOf(dump, `USE \`${second.name}\``)}: it holds several databases, \`${original.name}\` and \`${second.name}\`.`,
    );
  });

  it('is refused with the line that the server does not take', async () => {
    const syntax = plain.replace('`what` varchar(100)', '`what` varchar(100) NOT A THING');
    const first = await refusal((await emptyOn(server)).load(await file('syntax.sql', syntax)));
    expect(first.message).toMatch(
      `line ${lineOf(syntax, 'NOT A THING')}: You have an error in your SQL syntax`,
    );
    const row = plain.replace(/^\(7,/m, "(7,'too many',");
    const second = await refusal((await emptyOn(server)).load(await file('row.sql', row)));
    expect(second.message).toContain(
      `line ${lineOf(row, "\n(7,'too many'") + 1}: Column count doesn't match value count at row 7.`,
    );
  });

  it('is refused where it is cut off', async () => {
    for (const cut of ['\n(9,', 'END IF', '-- Dump completed']) {
      const short = plain.slice(0, plain.lastIndexOf(cut));
      const { message } = await refusal((await emptyOn(server)).load(await file('cut.sql', short)));
      expect(message).toMatch(/line \d+: (?:the dump is cut off here|You have an error)/);
    }
  });

  it('does not change the settings of the server, nor its users', async () => {
    const before = await server.query(SERVER);
    const dump = `${plain}SET @@GLOBAL.max_connections = 77;\nSET GLOBAL max_connections = 77;\nCREATE USER someone;\nGRANT ALL ON *.* TO someone;\n`;
    const { skipped } = await (await emptyOn(server)).load(await file('server.sql', dump));
    expect(await server.query(SERVER)).toEqual(before);
    expect(skipped).toEqual(
      expect.arrayContaining([
        'settings of the whole server (SET GLOBAL): 2',
        'users and roles: 1',
        'privileges (GRANT, REVOKE): 1',
      ]),
    );
  });
  const SERVER = 'SELECT @@GLOBAL.max_connections AS connections, (SELECT count(*) FROM mysql.user) AS users';

  it('loads as a user who has nothing but the database', async () => {
    const empty = await emptyOn(server);
    const role = await server.createRole(`${empty.name}_r`);
    await server.query(`GRANT ALL PRIVILEGES ON ${empty.name}.* TO ${role.name}`);
    await empty.load(await file('as-role.sql', plain), undefined, role);
    expect(await contents(empty.readable)).toEqual(await contents(original));
    await server.dropRole(role.name);
  });

  it('of the topdesk fixture loads', async () => {
    const topdesk = (await databaseOf('MariaDB')?.fresh(topdeskTemplate)) as TestDatabase;
    const empty = await emptyOn(server);
    await empty.load(await file('topdesk.sql', await mariadbDump(server, [topdesk.name])));
    expect(await contents(empty.readable)).toEqual(await contents(topdesk));
  });

  it('is refused without a server, and by one of the other kind', async () => {
    const path = await file('family.sql', plain);
    for (const empty of [await emptyEmbedded(), ...(postgres ? [await emptyOn(postgres)] : [])]) {
      const error = await refusal(empty.load(path));
      expect(error.message).toMatch(/^The dump is one of MySQL or MariaDB, and/);
      expect(error.remedy).toBe('Set DATABASE_URL=mysql://… of a scratch server.');
    }
  });
});

describe('what is no dump', () => {
  const script = 'CREATE TABLE t (id int);\n';
  it.each<readonly [string, string | Buffer, RegExp]>([
    ['an empty file', '', /it is empty/],
    ['an empty file, gzipped', gzipSync(''), /it is empty/],
    ['a binary file', Buffer.from([1, 2, 0, 3, 4]), /it is a binary file of another kind/],
    ['a zip file', Buffer.from('PK\u0003\u0004 and more'), /it is packed by zip/],
    ['UTF-16', Buffer.from(`\ufeff-- PostgreSQL database dump\n`, 'utf16le'), /it is in UTF-16/],
    ['another text', 'Dear colleagues,\nthe dump is attached.\n', /does not look like the output of pg_dump/],
    ['a script of no known server', script, /does not look like the output of pg_dump/],
    ['a tar file of something else', tarOf('README'), /it is a tar file that begins with README/],
  ])('%s is refused', async (_, content, why) => {
    const path = await file('none', content);
    const error = await refusal(recognizeDump(path));
    expect(error.message).toMatch(why);
    expect(error.message.startsWith(`${path} is no dump that can be loaded: `)).toBe(true);
    expect(error.exitCode).toBe(2);
    expect(error.remedy).toBeTruthy();
  });

  it.runIf(postgres)('what pg_dumpall writes is refused', async () => {
    const error = await refusal(recognizeDump(await file('all', await pgDumpAll(postgres as Server))));
    expect(error.message).toMatch(/pg_dumpall wrote it/);
  });

  it('a file that is not there, and a folder of something else, are refused', async () => {
    expect((await refusal(recognizeDump(join(folder, 'nowhere')))).message).toMatch(
      /cannot be read \(ENOENT\)/,
    );
    expect((await refusal(recognizeDump('/dev/null'))).message).toMatch(/it is no regular file/);
    expect((await refusal(recognizeDump(folder))).message).toMatch(/a folder without the toc\.dat/);
  });

  function tarOf(name: string): Buffer {
    const header = Buffer.alloc(1024);
    header.write(name, 0);
    header.write('ustar', 257);
    return header;
  }
});
