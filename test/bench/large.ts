/**
 * Whole commands on large samples, on throwaway servers: `npm run bench -- postgres 1000000` or
 * `npm run bench -- mariadb 300000`; with `--run` also a run, with `--run --plan` one with an approved plan of
 * which something has drifted; with `--reports` the link report in every format, and the audit report of the run. As many persons as operators, and one junk value on 20,000 of each.
 * Prints wall time and the tool's peak memory; machines differ, so compare runs of one call only.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SampleKind, sampleRows, sampleSchema } from '../../fixtures/sample/index.js';
import { REPORT_FORMATS } from '../../src/model/report-format.js';
import { startMariadb } from '../support/servers/mariadb.js';
import { startPostgres } from '../support/servers/postgres.js';

const CLI = new URL('../../src/cli.js', import.meta.url).pathname;
const JUNK = 20_000;

const DRIFT: Readonly<Record<SampleKind, string>> = {
  postgres: `UPDATE operator SET last_name = 'Renamed' WHERE id::text LIKE '%123'`,
  mysql: `UPDATE operator SET last_name = 'Renamed' WHERE id LIKE '%123'`,
};

const [, , which = 'postgres', size = '1000000', ...more] = process.argv;
const kind: SampleKind = which === 'mariadb' ? 'mysql' : 'postgres';
const operators = Number(size);

async function timeReports(url: string): Promise<void> {
  for (const format of REPORT_FORMATS) {
    const file = join(folder, `links.${format}`);
    await time(['report', '--format', format, '--output', file], url);
    await rm(file);
  }
  const [run] = await readdir(join(folder, 'onecard-runs'));
  if (run === undefined) return;
  await time(['audit', 'export', run, '--output', join(folder, 'exported')], url);
  await time(['audit', 'verify', join('onecard-runs', run, 'audit.ndjson')], url);
}

const server = kind === 'mysql' ? await startMariadb() : await startPostgres();
const folder = await mkdtemp(join(tmpdir(), 'onecard-bench-'));
try {
  const url = await server.createDatabase('bench');
  const load = performance.now();
  for (const statement of sampleSchema(kind)) await server.query(statement, 'bench');
  for (const statement of sampleRows(kind, {
    operators,
    persons: operators,
    junk: Math.min(JUNK, operators),
  })) {
    await server.query(statement, 'bench');
  }
  if (kind === 'postgres') await server.query('ANALYZE', 'bench');
  say('load the sample', performance.now() - load);
  await time(['migrate', '--dry-run', '--limit', '1'], url);
  await time(['migrate', '--dry-run', '--limit', '1', '--plan-out', join(folder, 'plan.ndjson')], url);
  await time(['report', 'licences', '--format', 'csv'], url);
  const plan = ['--plan', join(folder, 'plan.ndjson')];
  await time(['migrate', '--dry-run', ...plan], url);
  if (more.includes('--run')) {
    // One in a thousand has to be left out.
    if (more.includes('--plan')) await server.query(DRIFT[kind], 'bench');
    await time(
      ['migrate', '--yes', ...(more.includes('--plan') ? [...plan, ...(await digestOf(plan[1]))] : [])],
      url,
    );
    await time(['verify'], url);
  }
  if (more.includes('--reports')) await timeReports(url);
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function time(args: string[], url: string): Promise<void> {
  const started = performance.now();
  const child = spawn(process.execPath, [CLI, ...args, '--quiet'], {
    cwd: folder,
    env: { DATABASE_URL: url },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let peak = 0;
  const poll = setInterval(async () => {
    peak = Math.max(peak, await peakMemory(child.pid));
  }, 100);
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  clearInterval(poll);
  say(
    args.filter((arg) => !arg.startsWith(folder)).join(' '),
    performance.now() - started,
    `${Math.round(peak / 1024)} MB, exit ${code}`,
  );
}

/** As the flag that names it. */
async function digestOf(plan = ''): Promise<string[]> {
  const file = await readFile(plan, 'utf8');
  return ['--plan-digest', JSON.parse(file.slice(file.lastIndexOf('\n', file.length - 2) + 1)).digest];
}

/** The process's high-water mark in KiB, as Linux keeps it. */
async function peakMemory(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
}

function say(what: string, milliseconds: number, more = ''): void {
  console.log(`${what.padEnd(50)} ${(milliseconds / 1000).toFixed(1).padStart(7)} s  ${more}`);
}
