import { execFile } from 'node:child_process';
import { lstat, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Contents, contents, difference } from '../support/contents.js';
import { serverDatabases, type TestDatabase } from '../support/databases.js';
import { progressOf } from '../support/faults/moment.js';
import { apartFromCardKeys } from '../support/faults/undisturbed.js';
import { journalTable, onecardOn, startOnecardOn } from '../support/on-database.js';
import { refuseNobody } from '../support/refusing.js';
import { largeSample, operatorKey, sample } from '../support/sample.js';
import { textsIn } from '../support/texts-in.js';

const cli = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url));
const MIGRATE = ['migrate', '--yes', '--quiet', '--batch-size', '5'];
const FILES = ['audit.ndjson', 'summary.json', 'summary.md'];
const IDENTICAL = { added: [], removed: [], changed: [] };

const runsFolder = ({ folder }: TestDatabase) => join(folder, 'onecard-runs');

/** No file may be larger than 4 KB: writes fail as on a full disk, root's too. */
function onFullDisk({ folder, url }: TestDatabase, args: string[]) {
  return new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile(
      '/bin/sh',
      ['-c', 'ulimit -f 8; exec "$0" "$@"', process.execPath, cli, ...args],
      { cwd: folder, env: { PATH: process.env['PATH'], HOME: folder, DATABASE_URL: url } },
      (error, _, stderr) => resolve({ code: error?.code ?? 0, stderr }),
    );
  });
}

function secretsOf({ url }: TestDatabase): string[] {
  const { password } = new URL(url ?? expect.fail());
  expect(password.length).toBeGreaterThan(5);
  return [password, Buffer.from(password).toString('base64'), Buffer.from(password).toString('hex')];
}

describe.each(serverDatabases)('a password on $name', ({ fresh, kind }) => {
  it('is in no command line while a run works, nor in output, journal or report', async () => {
    const database = await fresh(largeSample);
    const secrets = secretsOf(database);
    const run = startOnecardOn(database, MIGRATE);
    const lines: string[] = [];
    while (run.child.exitCode === null) {
      lines.push(await readFile(`/proc/${run.child.pid}/cmdline`, 'utf8').catch(() => ''));
      await sleep(50);
    }
    const { code, stdout, stderr } = await run.result;
    expect(code, stderr).toBe(0);
    expect(lines.filter((line) => line.includes('migrate')).length).toBeGreaterThan(5);
    const journal = await Promise.all(
      ['run', 'decision', 'change'].map((table) =>
        database.query(`SELECT * FROM ${journalTable(kind, table)}`),
      ),
    );
    const files = await textsIn(database.folder);
    expect(files).toHaveLength(FILES.length);
    const everything = [...lines, stdout, stderr, JSON.stringify(journal), ...files];
    for (const secret of secrets) expect(everything.filter((text) => text.includes(secret))).toEqual([]);
  }, 120_000);

  it.each<{ what: string; url?: Partial<URL>; args: (url: string) => string[] }>([
    { what: 'on a server that is not there', url: { port: '1' }, args: () => ['scan'] },
    { what: 'for a user who is not known', url: { username: 'nobody' }, args: () => ['verify'] },
    { what: 'for a database that is not there', url: { pathname: '/missing' }, args: () => ['report'] },
    { what: 'with options that are wrong', url: { search: '?sslmode=require&ssl=x' }, args: () => ['scan'] },
    { what: 'given on the command line', args: (url) => ['scan', '--database-url', url] },
    { what: 'as an argument in the wrong place', args: (url) => ['migrate', url] },
    { what: 'as the name of a file', args: (url) => ['migrate', '--dry-run', '--config', url] },
  ])('is not in what is said of a failure: $what', async ({ url: spoilt = {}, args }) => {
    const database = await fresh(sample);
    const url = Object.assign(new URL(database.url ?? expect.fail()), spoilt);
    const env = { DATABASE_URL: url.href };
    const { code, stdout, stderr } = await onecardOn(database, args(url.href), { env });
    expect([1, 2], stderr).toContain(code);
    expect(stderr).toMatch(/^(onecard: |error: )/m);
    for (const secret of secretsOf(database)) expect(`${stdout}${stderr}`).not.toContain(secret);
  });

  it('is not in what is said when the server refuses a statement of the run', async () => {
    const database = await fresh(sample);
    await database.query(`UPDATE operator SET last_name = 'Nobody' WHERE id = '${operatorKey(173)}'`);
    await refuseNobody(database);
    const { stdout, stderr } = await onecardOn(database, ['migrate', '--yes']);
    const everything = [stdout, stderr, ...(await textsIn(database.folder))].join('\n');
    expect(everything).toContain('no_such_card');
    for (const secret of secretsOf(database)) expect(everything).not.toContain(secret);
  });
});

describe.each(serverDatabases)('the files of a run on $name', ({ fresh }) => {
  let undisturbed: Contents;
  beforeAll(async () => {
    const database = await fresh(largeSample);
    const before = await contents(database);
    expect((await onecardOn(database, MIGRATE)).code).toBe(0);
    undisturbed = apartFromCardKeys(before, await contents(database));
    await database.close();
  }, 120_000);

  const runOf = async (database: TestDatabase) => {
    const [run = '', ...more] = await readdir(runsFolder(database));
    expect(more).toEqual([]);
    return join(runsFolder(database), run);
  };

  const expectWholeReport = async (database: TestDatabase) => {
    const folder = await runOf(database);
    expect((await readdir(folder)).toSorted()).toEqual(FILES);
    for (const file of FILES) expect((await stat(join(folder, file))).mode & 0o777, file).toBe(0o600);
    const last = (await readFile(join(folder, 'audit.ndjson'), 'utf8')).trimEnd().split('\n').at(-1);
    expect(JSON.parse(last ?? '')).toMatchObject({ kind: 'summary' });
    JSON.parse(await readFile(join(folder, 'summary.json'), 'utf8'));
  };

  /** Data and journal are whole, and the same command writes the report. */
  const expectFinishedBySameCommand = async (database: TestDatabase, before: Contents) => {
    const data = await contents(database);
    expect(difference(undisturbed, apartFromCardKeys(before, data))).toEqual(IDENTICAL);
    const again = await onecardOn(database, MIGRATE);
    expect(again.code, again.stderr).toBe(0);
    expect(difference(data, await contents(database))).toEqual(IDENTICAL);
    await expectWholeReport(database);
    expect((await onecardOn(database, ['verify'])).code).toBe(0);
  };

  it('are finished by the same command when their folder went away during the run', async () => {
    const database = await fresh(largeSample);
    const before = await contents(database);
    const run = startOnecardOn(database, MIGRATE);
    while ((await progressOf(database)).applied < 20) await sleep(10);
    // Nobody, root included, can make a folder where a file is.
    await rm(runsFolder(database), { recursive: true });
    await writeFile(runsFolder(database), '');
    const { code, stderr } = await run.result;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^onecard: The report in onecard-runs\S+ cannot be written: a file of that name .*\.\n {2}→ .*whole.*\n$/m,
    );
    await rm(runsFolder(database));
    await expectFinishedBySameCommand(database, before);
  }, 120_000);

  it('are finished by the same command when the disk was full', async () => {
    const database = await fresh(largeSample);
    const before = await contents(database);
    const { code, stderr } = await onFullDisk(database, MIGRATE);
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(
      /^onecard: The report in onecard-runs\S+ cannot be written: .*\.\n {2}→ .*whole.*\n$/m,
    );
    // No half of a file that could be taken for a report.
    expect(await readdir(await runOf(database))).toEqual([]);
    await expectFinishedBySameCommand(database, before);
  }, 120_000);

  it('are not written through a link that stands for their folder', async () => {
    const database = await fresh(sample);
    const before = await contents(database);
    const elsewhere = join(database.folder, 'elsewhere');
    await mkdir(elsewhere);
    await symlink(elsewhere, runsFolder(database));
    const { code, stderr } = await onecardOn(database, MIGRATE);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^onecard: onecard-runs is a symbolic link.*\n {2}→ .*nothing was changed\.\n$/m);
    expect(await readdir(elsewhere)).toEqual([]);
    expect(await contents(database)).toEqual(before);
  });

  it('are not written through a link that stands for one of them', async () => {
    const database = await fresh(largeSample);
    const before = await contents(database);
    const precious = join(database.folder, 'precious');
    await writeFile(precious, 'precious');
    const run = startOnecardOn(database, MIGRATE);
    while ((await progressOf(database)).applied < 20) await sleep(10);
    const [{ id } = {}] = await database.query(`SELECT id FROM ${journalTable(database.kind, 'run')}`);
    const report = join(runsFolder(database), String(id), 'audit.ndjson');
    await mkdir(dirname(report), { recursive: true });
    await symlink(precious, report);
    // The unfinished file of a run that was killed, too, could be such a link.
    await symlink(precious, join(dirname(report), 'summary.md.part'));
    const { code, stderr } = await run.result;
    expect([1, 2]).toContain(code);
    expect(stderr).toMatch(/^onecard: onecard-runs\S+ is a symbolic link.*\n {2}→ .*whole.*\n$/m);
    expect(await readFile(precious, 'utf8')).toBe('precious');
    await rm(report);
    await expectFinishedBySameCommand(database, before);
    expect(await readFile(precious, 'utf8')).toBe('precious');
  }, 120_000);

  it('of a plan are not written through a link, not even to nowhere', async () => {
    const database = await fresh(sample);
    const nowhere = join(database.folder, 'nowhere');
    const plan = join(database.folder, 'plan.ndjson');
    await symlink(nowhere, plan);
    const { code, stderr } = await onecardOn(database, ['migrate', '--dry-run', '--plan-out', 'plan.ndjson']);
    expect(code).toBe(2);
    expect(stderr).toContain('plan.ndjson exists already');
    await expect(stat(nowhere)).rejects.toThrow('ENOENT');
    expect((await lstat(plan)).isSymbolicLink()).toBe(true);
  });

  it('of a plan leave nothing behind when the disk is full', async () => {
    const database = await fresh(sample);
    const args = ['migrate', '--dry-run', '--plan-out', 'plan.ndjson'];
    const { code, stderr } = await onFullDisk(database, args);
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(/^onecard: The file plan\.ndjson cannot be written \(EFBIG\)\.\n {2}→ /m);
    expect(await readdir(database.folder)).toEqual([]);
  });
});
