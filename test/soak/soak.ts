/**
 * Faults for as long as it takes, on a throwaway server: `npm run soak -- postgres` or `npm run soak -- mariadb`,
 * with `--kills 200`, `--server-kills 20`, `--cuts 100`, `--minutes 60`, `--operators 20000`, `--seed N`.
 *
 * Kills runs, their server and their connections at random moments, finishes each job by the same command, and
 * holds every table against an undisturbed run. Ends with exit code 1 on any difference, or where the time was
 * too short for the numbers asked for.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { onecard } from '../support/cli.js';
import { contents, difference } from '../support/contents.js';
import type { Moment } from '../support/faults/moment.js';
import { randomFrom } from '../support/faults/random.js';
import { cutConnections, type Field, killRuns, killServer, type Series } from '../support/faults/series.js';
import { type Cut, startTcpProxy } from '../support/faults/tcp-proxy.js';
import { apartFromCardKeys } from '../support/faults/undisturbed.js';
import { startMariadb } from '../support/servers/mariadb.js';
import { startPostgres } from '../support/servers/postgres.js';
import { fieldsOn } from './fields.js';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string', default: '200' },
    'server-kills': { type: 'string', default: '20' },
    cuts: { type: 'string', default: '100' },
    minutes: { type: 'string', default: '60' },
    operators: { type: 'string', default: '20000' },
    'batch-size': { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

const CUTS: readonly Cut[] = [
  { text: 'COMMIT', when: 'unanswered' },
  { text: 'INSERT INTO', when: 'during' },
  { text: 'COMMIT', when: 'during' },
  { text: 'UPDATE', when: 'unanswered' },
  { text: 'COMMIT', when: 'unanswered', which: 'sender' },
  { text: 'COMMIT', when: 'before' },
  { text: 'INSERT INTO', when: 'unanswered', which: 'sender' },
  { text: 'UPDATE', when: 'during' },
  { text: 'FOR UPDATE', when: 'unanswered' },
];
/** Of the kills, so many at least in the middle of applying, and so many inside a transaction. */
const MIDWAY_SHARE = 0.75;
const INSIDE_SHARE = 0.25;
/** Then the database is done for: a fresh copy, and another comparison. */
const PER_DATABASE = 15;

const MIGRATE = ['migrate', '--yes', '--quiet', '--batch-size', values['batch-size']];
const random = randomFrom(Number(values.seed));
const deadline = Date.now() + Number(values.minutes) * 60_000;
const problems: string[] = [];
let comparisons = 0;

console.log(`soak on ${positionals[0] ?? 'postgres'}, seed ${values.seed}`);
const server = await (positionals[0] === 'mariadb' ? startMariadb() : startPostgres());
const folder = await mkdtemp(join(tmpdir(), 'onecard-soak-'));
try {
  const fields = await fieldsOn(server, folder, {
    operators: Number(values.operators),
    persons: 2_000,
    junk: 0,
  });
  const calm = await fields.fresh();
  const before = await contents(calm);
  const { code, stderr } = await onecard(MIGRATE, optionsFor(calm));
  if (code !== 0) throw new Error(`the undisturbed run ended with ${code}: ${stderr}`);
  const undisturbed = apartFromCardKeys(before, await contents(calm));
  await fields.drop(calm);

  /** Disturbs database after database, until so many moments are counted. */
  const soak = async (
    what: string,
    wanted: number,
    disturb: (field: Field, series: Series, on: (moment: Moment) => void) => Promise<unknown>,
  ): Promise<Moment[]> => {
    const moments: Moment[] = [];
    while (moments.length < wanted && Date.now() < deadline) {
      const field = await fields.fresh();
      const most = Math.min(PER_DATABASE, wanted - moments.length);
      try {
        await disturb(field, { args: MIGRATE, random, most, within: 400 }, (moment) => moments.push(moment));
        await compare(what, field);
      } catch (error) {
        problems.push(
          `${what} on ${field.url.split('/').at(-1)}: ${error instanceof Error ? error.message : error}`,
        );
      }
      await fields.drop(field);
      console.log(
        `${what}: ${moments.length} of ${wanted}, ${comparisons} databases compared, ${problems.length} problems`,
      );
      if (problems.length > 10) break;
    }
    return moments;
  };

  const compare = async (what: string, field: Field) => {
    comparisons++;
    const found = difference(undisturbed, apartFromCardKeys(before, await contents(field)));
    const rows = [...found.added, ...found.removed, ...found.changed];
    if (rows.length > 0)
      problems.push(`${what}: ${rows.length} rows differ, the first: ${JSON.stringify(rows[0])}`);
    const verified = await onecard(['verify', '--quiet'], optionsFor(field));
    if (verified.code !== 0) problems.push(`${what}: verify ended with ${verified.code}: ${verified.stdout}`);
  };

  const kills = await soak('kill -9 of the process', Number(values.kills), killRuns);
  const dead = await soak('kill -9 of the server', Number(values['server-kills']), (field, series, on) =>
    killServer(server, field, series, on),
  );
  const proxy = await startTcpProxy(server);
  const cuts = await soak('cut connection', Number(values.cuts), (field, series, on) =>
    cutConnections(proxy, field, series, CUTS, (_, { applied, total }) =>
      on({ applied, total, openTransactions: 0 }),
    ),
  );
  await proxy.close();

  expectAtLeast('kills', kills.length, Number(values.kills));
  expectAtLeast('kills in the middle of applying', kills.filter(isMidway).length, share(MIDWAY_SHARE));
  expectAtLeast('kills inside a transaction', kills.filter(isInside).length, share(INSIDE_SHARE));
  expectAtLeast('kills of the server', dead.length, Number(values['server-kills']));
  expectAtLeast('cut connections', cuts.length, Number(values.cuts));
  console.log(
    `\n${kills.length} kills, ${kills.filter(isMidway).length} of them with 0 < applied < total, ` +
      `${kills.filter(isInside).length} inside an open transaction; ${dead.length} kills of the server ` +
      `(${dead.filter(isMidway).length} while applying); ${cuts.length} cuts (${cuts.filter(isMidway).length} while applying); ` +
      `${comparisons} databases compared with the undisturbed run.`,
  );
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
for (const problem of problems) console.log(`PROBLEM ${problem}`);
console.log(problems.length === 0 ? 'No difference.' : `${problems.length} problems, seed ${values.seed}.`);
process.exitCode = problems.length === 0 ? 0 : 1;

function optionsFor({ url, folder }: Field) {
  return { folder, env: { DATABASE_URL: url }, timeoutMs: 300_000 };
}

function share(of: number): number {
  return Math.floor(Number(values.kills) * of);
}

function expectAtLeast(what: string, found: number, wanted: number): void {
  if (found < wanted) problems.push(`${found} ${what}, ${wanted} were asked for`);
}

function isMidway({ applied, total }: Moment): boolean {
  return applied > 0 && applied < total;
}

function isInside({ openTransactions }: Moment): boolean {
  return openTransactions > 0;
}
