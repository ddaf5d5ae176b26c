import { spawn } from 'node:child_process';
import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { XmlDocument } from 'libxml2-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { Redactor } from '../../src/redactor.js';
import { mariadb, postgres, serverDatabases, type TestDatabase } from '../support/databases.js';
import { mariadbDump, pgDump } from '../support/dumps.js';
import { expectedOperators } from '../support/sample.js';
import { baselineCommand, type WorkflowJob, workflowJobs } from '../support/workflows.js';
import { cast } from './cast.js';

const JUNIT = 'rehearsal.xml';
const SECRET = 'a long secret of the pipeline';
const CLI = join(dirname(createRequire(import.meta.url).resolve('#package')), 'dist/src/cli.js');

/** It was to get a card when that was approved, and is an API account in the next snapshot. */
const [CHANGED = ''] = expectedOperators('create');

const PROTOCOLS = { postgres: 'postgres:', mysql: 'mysql:' } as const;

const jobs = await workflowJobs();
const first = await baselineCommand();

interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** As runners do: in a shell that ends with the first command that fails. */
async function inBash(
  commands: readonly string[],
  folder: string,
  env: Record<string, string>,
): Promise<Ran> {
  const shell = spawn('bash', ['-e', '-o', 'pipefail', '-c', commands.join('\n')], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, TMPDIR: folder, CI: 'true', ...env },
    timeout: 120_000,
  });
  let output = '';
  for (const stream of [shell.stdout, shell.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    shell.on('error', reject);
    shell.on('close', resolve);
  });
  return { code, output };
}

/** A folder like that of a project which has onecard among its packages. */
async function project({ folder }: TestDatabase): Promise<string> {
  const bin = join(folder, 'node_modules', '.bin');
  await mkdir(bin, { recursive: true });
  await symlink(CLI, join(bin, 'onecard'));
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  return folder;
}

async function dump({ kind, name, folder }: TestDatabase): Promise<void> {
  const server = kind === 'postgres' ? postgres : mariadb;
  if (server === undefined) throw new Error(`no ${kind}`);
  const text = await (kind === 'postgres' ? pgDump(server, name) : mariadbDump(server, [name]));
  await writeFile(join(folder, 'snapshot.sql.gz'), gzipSync(Buffer.from(text, 'latin1')));
}

/** Which steps the JUnit file says have failed. */
async function failuresIn(path: string): Promise<string[]> {
  using document = XmlDocument.fromString(await readFile(path, 'utf8'));
  return document.find('//testcase[failure]/@name').map((name) => name.content);
}

it('workflows are there for both servers, on GitHub and on GitLab', () => {
  expect(jobs.map(({ name, image }) => `${name}: ${image}`)).toEqual([
    '.github/workflows/rehearse.yml postgres: postgres:15',
    '.github/workflows/rehearse.yml mariadb: mariadb:10.11',
    '.gitlab-ci.yml postgres: postgres:15',
    '.gitlab-ci.yml mariadb: mariadb:10.11',
  ]);
});

describe.each(serverDatabases)('the workflows of the README on $name', ({ kind, fresh }) => {
  const ofThisServer = jobs.filter(
    ({ env }) => new URL(env['DATABASE_URL'] ?? '').protocol === PROTOCOLS[kind],
  );
  let database: TestDatabase;
  let folder: string;

  const inFolder = (name: string) => join(folder, name);
  const run = ({ commands, env }: Pick<WorkflowJob, 'commands' | 'env'>) => {
    // Whoever runs these tests has installed the packages.
    const [install, ...others] = commands;
    expect(install).toBe('npm ci');
    const address = { DATABASE_URL: database.url ?? '', ONECARD_REDACT_KEY: SECRET };
    return inBash(others, folder, { ...env, ...address });
  };

  beforeAll(async () => {
    database = await fresh(cast);
    folder = await project(database);
    await dump(database);
    const written = await run({ commands: ['npm ci', first], env: {} });
    expect(written.code, written.output).toBe(0);
  }, 120_000);

  it('fail where a decision changed since the baseline and show which, and pass once that is approved', async () => {
    const [github, gitlab] = ofThisServer;
    if (github === undefined || gitlab === undefined) throw new Error('no jobs');
    await database.query(`UPDATE operator SET api_account = TRUE WHERE id = '${CHANGED}'`);
    await dump(database);
    const summary = inFolder('step-summary.md');
    const failed = await run({ ...github, env: { ...github.env, GITHUB_STEP_SUMMARY: summary } });
    expect(failed.code, failed.output).toBe(3);
    const pseudonym = new Redactor(SECRET).pseudonym('operator', CHANGED);
    for (const text of [
      failed.output,
      await readFile(summary, 'utf8'),
      await readFile(inFolder(JUNIT), 'utf8'),
    ]) {
      expect(text).toContain(pseudonym);
      expect(text).toMatch(/create \\?\(no-candidate\\?\).*skip \\?\(api-account\\?\)/);
      expect(text).not.toContain(CHANGED);
    }
    expect(await failuresIn(inFolder(JUNIT))).toEqual(['decisions as in the baseline']);

    await rename(inFolder('decisions-now.ndjson'), inFolder('decisions.ndjson'));
    const passed = await run(gitlab);
    expect(passed.code, passed.output).toBe(0);
    expect(await failuresIn(inFolder(JUNIT))).toEqual([]);
    expect(await readFile(inFolder('rehearsal.md'), 'utf8')).toMatch(/^## ✓/);
  }, 180_000);
});
