import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type AuditLine,
  linesOf,
  readReport,
  rechained,
  reportFolder,
  withholding,
} from '../support/audit-report.js';
import { type CliResult, onecard as runOnecard } from '../support/cli.js';
import { databases, type TestDatabase } from '../support/databases.js';
import { journalTable, onecardOn, together } from '../support/on-database.js';
import { readPlanFile } from '../support/plan-file.js';
import { refuseNobody } from '../support/refusing.js';
import { expectedOperators, operatorKey, personKey } from '../support/sample.js';
import { cast } from './cast.js';

/** Of the cast, in no special order. */
const creates = expectedOperators('create').filter((key) => key.startsWith('0a'));
const [DRIFTED = '', REFUSED = '', STALE = '', REFERENCED = '', ALONE = ''] = creates;

const TO_BE_LINKED = operatorKey(90);
const CHOSEN = personKey(290);
const SKIPPED = operatorKey(52);

/** What humans say, and what the server says: nowhere else in the database. */
const [WHO, NOTE, SERVER_WORDS, FOUND] = [
  'Anna Decider',
  'asked her in Zwolle',
  'no_such_card',
  'Renamed-Meanwhile',
];

/** What anonymized cards hold instead of names: words that stand in every report. */
const NOBODY = ['Operator', 'Person', 'anonymized'];

const KEY = 'a secret of more than 16 characters';

describe.each(databases)('audit reports on $name', ({ fresh, kind, name }) => {
  let database: TestDatabase;
  let plan: { head: AuditLine; lines: AuditLine[]; end: AuditLine; folder: string };
  let part: string;
  let run: string;
  let summary: Record<string, unknown>;
  let report: { text: string; lines: AuditLine[] };
  let exported: string;

  const onecard = (args: string[], env: Record<string, string> = {}): Promise<CliResult> =>
    onecardOn(database, args, { env });

  /** What the command has written to stdout. */
  const done = async (args: string[], code = 0, env: Record<string, string> = {}): Promise<string> => {
    const result = await onecard(args, env);
    expect(result.code, `${args.join(' ')}: ${result.stderr}`).toBe(code);
    return result.stdout;
  };

  const exportOf = (...more: string[]) => done(['audit', 'export', run, ...more]);

  const lineOf = (operator: string) =>
    report.lines.find((line) => line['operator'] === operator) ?? expect.fail(`no line of ${operator}`);

  const verdictOn = async (content: string, ...more: string[]) => {
    await writeFile(join(database.folder, 'held.ndjson'), content);
    const { code, stdout, stderr } = await onecard(['audit', 'verify', 'held.ndjson', '--json', ...more]);
    expect(stderr).toBe('');
    return { code, ...JSON.parse(stdout) };
  };

  beforeAll(async () => {
    database = await fresh(cast);
    await together(database, async (opened) => {
      await refuseNobody(opened);
      await opened.query(`UPDATE operator SET last_name = 'Nobody' WHERE id = '${REFUSED}'`);
    });
    await writeFile(
      join(database.folder, 'decisions.csv'),
      `operator,decision,person,who,note\n${TO_BE_LINKED},link,${CHOSEN},${WHO},${NOTE}\n${SKIPPED},skip,,${WHO},\n`,
    );
    await done([
      'migrate',
      '--dry-run',
      '--report',
      '--ticket',
      'CHG-1',
      '--plan-out',
      'plan.ndjson',
      '--decisions',
      'decisions.csv',
    ]);
    const [planned = ''] = await readdir(join(database.folder, 'onecard-runs'));
    const planLines = (await readReport(reportFolder(database, planned))).lines;
    plan = {
      head: planLines[0] ?? {},
      lines: planLines.slice(1, -1),
      end: planLines.at(-1) ?? {},
      folder: planned,
    };
    await together(database, ({ query }) =>
      query(`UPDATE operator SET last_name = 'Drifted' WHERE id = '${DRIFTED}'`),
    );
    const digest = (await readPlanFile(join(database.folder, 'plan.ndjson'))).last.digest;
    const migrate = ['migrate', '--yes', '--json', '--ticket', 'CHG-2', '--batch-size', '1'];
    const asPlanned = [
      ...migrate,
      '--plan',
      'plan.ndjson',
      '--plan-digest',
      digest,
      '--decisions',
      'decisions.csv',
    ];
    const stopped = await onecard([...asPlanned, '--limit', '1']);
    expect(stopped.stderr).toContain('as --limit asks');
    [run = ''] = (await readdir(join(database.folder, 'onecard-runs'))).filter((each) => each !== planned);
    part = await readFile(join(reportFolder(database, run), 'audit.ndjson.part'), 'utf8');
    await together(database, ({ query }) =>
      query(`UPDATE operator SET last_name = '${FOUND}' WHERE id = '${STALE}'`),
    );
    summary = JSON.parse(await done(asPlanned, 7));
    report = await readReport(reportFolder(database, run));
    exported = await exportOf();
  }, 240_000);

  it('say of a dry run what it would do, with a header and a summary', async () => {
    expect(plan.head).toMatchObject({ kind: 'plan', run: plan.folder, ticket: 'CHG-1', format: 1 });
    expect(plan.lines.map(({ operator }) => operator)).toEqual(
      report.lines
        .slice(1, -1)
        .map(({ operator }) => operator)
        .toSorted(),
    );
    expect(plan.lines.find(({ operator }) => operator === DRIFTED)).toMatchObject({
      decision: 'create',
      action: 'create',
      reason: 'no-candidate',
    });
    expect(plan.end).toMatchObject({ kind: 'summary', operators: plan.lines.length });
    const folder = join(database.folder, 'onecard-runs', plan.folder);
    const file = join(folder, 'audit.ndjson');
    const held = await onecard(['audit', 'verify', file]);
    expect(held.code).toBe(0);
    expect(held.stdout).toContain('Internally consistent');
    expect(sentences(held.stdout)).not.toMatch(/authentic/i);
    const { auditHead } = JSON.parse(await readFile(join(folder, 'summary.json'), 'utf8'));
    expect(auditHead).toBe(plan.end['chain']);
    expect(await done(['audit', 'verify', file, '--head', auditHead])).toContain('Authentic');
  }, 120_000);

  it('say in their header which tool, run, ticket, configuration and plan, who, where and when', () => {
    expect(report.lines[0]).toEqual({
      line: 1,
      kind: 'run',
      format: 1,
      run,
      tool: expect.stringMatching(/^onecard \d+\.\d+\.\d+/),
      database: {
        kind: { PostgreSQL: 'PostgreSQL', MariaDB: 'MariaDB', embedded: 'embedded sample' }[name],
        version: expect.any(String),
        database: database.name,
        server: expect.any(String),
      },
      configuration: {
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
        effective: expect.objectContaining({ operators: expect.objectContaining({ table: 'operator' }) }),
      },
      policies: expect.objectContaining({ onMatch: 'review', onSharedKey: 'review' }),
      ticket: 'CHG-2',
      plan: expect.stringMatching(/^[0-9a-f]{64}$/),
      humanDecisions: { digest: expect.stringMatching(/^[0-9a-f]{64}$/), decisions: 2 },
      actor: expect.stringMatching(/^.+@.+$/),
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      chain: expect.any(String),
    });
  });

  it('say of each operator what was decided and what became of it, or why nothing did', () => {
    expect(lineOf(ALONE)).toMatchObject({
      decision: 'create',
      change: {
        state: 'applied',
        person: expect.any(String),
        at: expect.any(String),
        card: expect.any(String),
      },
    });
    expect(lineOf(STALE)).toMatchObject({
      decision: 'create',
      change: {
        state: 'stale',
        why: 'the operator was changed in the meantime',
        fields: [{ table: 'operator', column: 'last_name', planned: expect.any(String), found: FOUND }],
      },
    });
    expect(lineOf(REFUSED)).toMatchObject({
      change: { state: 'failed', person: null, why: expect.stringContaining(SERVER_WORDS) },
    });
    expect(lineOf(DRIFTED)).toMatchObject({
      decision: 'create',
      action: 'none',
      finding: 'not-as-approved',
      change: null,
      drift: {
        kind: 'changed',
        fields: [{ field: 'card.last_name', planned: expect.any(String), found: 'Drifted' }],
      },
    });
    const linked = lineOf(TO_BE_LINKED);
    expect(linked).toMatchObject({ reason: 'decided', change: { state: 'applied', person: CHOSEN } });
    expect((linked['evidence'] as object[]).at(-1)).toEqual({ decided: 'link', who: WHO, note: NOTE });
    expect(lineOf(SKIPPED)).toMatchObject({ decision: 'skip', reason: 'decided', change: null });
    expect(report.lines.at(-1)).toMatchObject({
      kind: 'summary',
      operators: report.lines.length - 2,
      totals: expect.objectContaining({ applied: creates.length - 3 + 1, failed: 1, stale: 1 }),
      drift: expect.objectContaining({ changed: 1 }),
      closing: { doubleLinks: 0, lateCandidates: 0 },
    });
  });

  it('are begun while the run works, and go on as they began', () => {
    expect(linesOf(part)[0]).toMatchObject({ kind: 'run', run });
    expect(report.text.startsWith(part)).toBe(true);
  });

  it('come out of the journal byte for byte, with their summaries, for their owner alone', async () => {
    expect(exported).toBe(report.text);
    await exportOf('--output', 'exported');
    for (const file of ['audit.ndjson', 'summary.json', 'summary.md']) {
      const copy = join(database.folder, 'exported', file);
      expect(await readFile(copy), file).toEqual(await readFile(join(reportFolder(database, run), file)));
      expect((await stat(copy)).mode & 0o777, file).toBe(0o600);
    }
    const again = await onecard(['audit', 'export', run, '--output', 'exported']);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('exported already');
    const below = await onecard(['audit', 'export', run, '--output', 'decisions.csv/exported']);
    expect(below.code).toBe(2);
    expect(below.stderr).toContain('The folder decisions.csv/exported cannot be made');
    expect((await onecard(['audit', 'export', run, '--rollback', '1'])).stderr).toContain(
      `The run ${run} has no rollback 1.`,
    );
  }, 120_000);

  it('are authentic where the journal, or the head, says so', async () => {
    const { auditHead } = summary;
    expect(await verdictOn(report.text)).toMatchObject({
      code: 0,
      verdict: 'authentic',
      heldAgainst: 'journal',
      head: auditHead,
      withheld: 0,
      problem: null,
    });
    expect(await verdictOn(report.text, '--head', String(auditHead).toUpperCase())).toMatchObject({
      code: 0,
      verdict: 'authentic',
      heldAgainst: 'head',
    });
  }, 120_000);

  describe('that are forged', () => {
    const at = (operator: string) => report.lines.indexOf(lineOf(operator)) + 1;

    it.each<[string, () => { text: string; line: number }]>([
      [
        'edited and chained anew',
        () => ({
          text: rechained(
            report.lines.map((line) =>
              line['operator'] === REFUSED ? { ...line, change: { state: 'failed', why: 'other' } } : line,
            ),
          ),
          line: at(REFUSED),
        }),
      ],
      [
        'cut short, with a summary that is right',
        () => {
          const [last = {}] = report.lines.slice(-2);
          const outcome = String((last['change'] as AuditLine | null)?.['state'] ?? last['decision']);
          const end = report.lines.at(-1) ?? {};
          const totals = end['totals'] as Record<string, number>;
          const { [outcome]: count = 0, ...others } = totals;
          return {
            text: rechained([
              ...report.lines.slice(0, -2),
              {
                ...end,
                operators: Number(end['operators']) - 1,
                totals: count > 1 ? { ...totals, [outcome]: count - 1 } : others,
              },
            ]),
            line: report.lines.length - 1,
          };
        },
      ],
      [
        'given another ticket',
        () => ({
          text: rechained([{ ...report.lines[0], ticket: 'CHG-9' }, ...report.lines.slice(1)]),
          line: 1,
        }),
      ],
      [
        'chained anew with a line withheld, and that of another edited',
        () => ({
          text: rechained(
            linesOf(withholding(report.text, at(STALE))).map((line) =>
              line['operator'] === REFUSED ? { ...line, reason: 'other' } : line,
            ),
          ),
          line: Math.min(at(STALE), at(REFUSED)),
        }),
      ],
    ])(
      '%s, are not authentic, by the journal nor by the head',
      async (_, forge) => {
        const { text, line } = forge();
        expect(await verdictOn(text)).toMatchObject({
          code: 3,
          verdict: 'not authentic',
          heldAgainst: 'journal',
          problem: { line, text: expect.stringContaining(`Line ${line} is `) },
        });
        expect(await verdictOn(text, '--head', String(summary['auditHead']))).toMatchObject({
          code: 3,
          verdict: 'not authentic',
          heldAgainst: 'head',
        });
        expectNotCalledAuthentic(await withoutDatabase(database, text));
      },
      120_000,
    );

    it('are named where a line was withheld that the journal holds; a head alone cannot tell', async () => {
      const line = at(REFUSED);
      const text = withholding(report.text, line);
      expect(await verdictOn(text)).toMatchObject({
        code: 3,
        verdict: 'not authentic',
        withheld: 1,
        problem: { line, text: expect.stringContaining(`Line ${line} is withheld, while `) },
      });
      await writeFile(join(database.folder, 'held.ndjson'), text);
      const byHead = await done(['audit', 'verify', 'held.ndjson', '--head', String(summary['auditHead'])]);
      expect(byHead).toContain(`Of 1 line nothing but the digest is there (${line}): whether a purge or`);
      // What such a line says besides is bound by nothing.
      const noted = text.replace('"kind":"withheld",', '"kind":"withheld","note":"approved",');
      expect(await verdictOn(noted)).toMatchObject({
        code: 3,
        verdict: 'inconsistent',
        problem: { line, kind: 'altered' },
      });
    }, 120_000);

    it('under the name of another run, or held against the head of another, are not authentic', async () => {
      const [head = {}, ...lines] = report.lines;
      expect(await verdictOn(rechained([{ ...head, run: '20200101-0000-abcd' }, ...lines]))).toMatchObject({
        code: 3,
        verdict: 'not authentic',
        problem: { text: expect.stringContaining('knows no run 20200101-0000-abcd') },
      });
      expect(await verdictOn(report.text, '--head', String(plan.end['chain']))).toMatchObject({
        code: 3,
        verdict: 'not authentic',
        problem: { text: expect.stringContaining('Its head is another one') },
      });
      const noHead = await onecard(['audit', 'verify', 'held.ndjson', '--head', 'abc']);
      expect(noHead.code).toBe(2);
      expect(noHead.stderr).toContain('64 hexadecimal digits');
    }, 120_000);
  });

  it('are never called authentic from the file alone', async () => {
    expectNotCalledAuthentic(await withoutDatabase(database, report.text));
  }, 120_000);

  it.runIf(name !== 'embedded')(
    'are unknown to another database, and are not authentic by it',
    async () => {
      const other = await fresh(cast);
      await writeFile(join(other.folder, 'held.ndjson'), report.text);
      const none = await onecardOn(other, ['audit', 'verify', 'held.ndjson']);
      expect(none.code).toBe(3);
      expect(none.stdout).toContain(`Not authentic. There is no journal in ${other.name}.`);
      expect((await onecardOn(other, ['migrate', '--yes', '--quiet'])).code).toBe(0);
      const unknown = await onecardOn(other, ['audit', 'verify', 'held.ndjson']);
      expect(unknown.code).toBe(3);
      expect(unknown.stdout).toContain(`knows no run ${run}.`);
    },
    120_000,
  );

  it.runIf(name !== 'embedded')(
    'are exported and verified by a role that may do nothing else',
    async () => {
      const { name: role, url } = await database.createRole();
      const grants = JSON.parse(await done(['grants', 'audit', '--role', role, '--json']));
      for (const statement of grants.commands[0].statements) await database.query(statement);
      expect(JSON.stringify(grants)).not.toMatch(/INSERT|UPDATE|DELETE|CREATE/);
      const env = { DATABASE_URL: url };
      expect(await done(['audit', 'export', run], 0, env)).toBe(report.text);
      const held = await onecard(['audit', 'verify', join(reportFolder(database, run), 'audit.ndjson')], env);
      expect(held.stdout).toContain('Authentic');
    },
    120_000,
  );

  it('are exported with pseudonyms, in which nothing personal is left', async () => {
    const env = { ONECARD_REDACT_KEY: KEY };
    const one = await done(['audit', 'export', run, '--redact'], 0, env);
    expect(await done(['audit', 'export', run, '--redact'], 0, env)).toBe(one);
    const other = await done(['audit', 'export', run, '--redact']);
    const personal = (await together(database, personalValues)).filter((value) => !NOBODY.includes(value));
    expect(personal.length).toBeGreaterThan(300);
    // What is to be found at all is found in the report itself.
    expect(personal.filter((value) => report.text.includes(value)).length).toBeGreaterThan(100);
    for (const text of [one, other])
      expect([...personal, WHO, NOTE, SERVER_WORDS, FOUND].filter((value) => text.includes(value))).toEqual(
        [],
      );

    const [redacted, otherwise] = [linesOf(one), linesOf(other)];
    expect(redacted[0]).toMatchObject({ redacted: true, run, ticket: 'CHG-2' });
    expect(redacted).toHaveLength(report.lines.length);
    // The same key has the same pseudonym wherever it stands, another key another one.
    for (const field of ['operator', 'person', 'candidates'] as const) {
      const pseudonyms = new Map<unknown, unknown>();
      for (const [index, line] of report.lines.entries())
        for (const [at, key] of [line[field]].flat().entries()) {
          if (typeof key !== 'string') continue;
          const pseudonym = [redacted[index]?.[field]].flat()[at];
          expect(pseudonym).toMatch(/^(operator|person)-[0-9a-f]{16}$/);
          expect(pseudonyms.get(key) ?? pseudonym).toBe(pseudonym);
          expect([otherwise[index]?.[field]].flat()[at]).not.toBe(pseudonym);
          pseudonyms.set(key, pseudonym);
        }
      expect(new Set(pseudonyms.values()).size).toBe(pseudonyms.size);
    }
    const { change, person } = redacted[report.lines.indexOf(lineOf(TO_BE_LINKED))] ?? {};
    expect(change).toMatchObject({ state: 'applied', person });
    const drifted = redacted.find((line) => 'drift' in line && line['finding'] === 'not-as-approved');
    expect(drifted?.['drift']).toEqual({
      kind: 'changed',
      fields: [
        {
          field: 'card.last_name',
          planned: expect.stringMatching(/^value-/),
          found: expect.stringMatching(/^value-/),
        },
      ],
    });
    // A chain of its own, and no head in the journal.
    expect(await verdictOn(one)).toMatchObject({ code: 0, verdict: 'internally consistent' });
  }, 120_000);

  it('stay as they were through rollbacks and later runs, which have reports of their own', async () => {
    const card = String((lineOf(REFERENCED)['change'] as AuditLine)['person']);
    await together(database, ({ query }) =>
      query(
        `INSERT INTO incident (id, number, subject, caller_id, created_at)
         VALUES ('0e000000-0000-4000-8000-000000000001', 'I 1', 'Help', '${card}', CURRENT_TIMESTAMP)`,
      ),
    );
    const rollback = (code: number, ...more: string[]) =>
      done(['rollback', run, '--yes', '--json', '--ticket', 'CHG-3', ...more], code);

    await rollback(0, '--only', ALONE);
    const first = await readReport(reportFolder(database, run, 1));
    expect(first.lines).toEqual([
      expect.objectContaining({ kind: 'rollback', run, rollback: 1, of: 'one operator', ticket: 'CHG-3' }),
      expect.objectContaining({ kind: 'operator', operator: ALONE, action: 'create', state: 'rolled-back' }),
      expect.objectContaining({ kind: 'summary', operators: 1, totals: { kept: 0, 'rolled-back': 1 } }),
    ]);
    expect(first.text.slice(0, first.text.indexOf('\n'))).not.toContain(ALONE);
    expect(await exportOf()).toBe(report.text);

    await rollback(7);
    const second = await readReport(reportFolder(database, run, 2));
    expect(second.lines[0]).toMatchObject({ rollback: 2, of: 'the whole run' });
    expect(second.lines.find(({ operator }) => operator === REFERENCED)).toMatchObject({
      state: 'kept',
      person: card,
      why: 'the card is referenced: incident.caller_id (1 row)',
    });
    const applied = report.lines.filter(
      ({ change }) => change instanceof Object && 'state' in change && change.state === 'applied',
    );
    expect(second.lines.slice(1, -1).map(({ operator }) => operator)).toEqual(
      applied.map(({ operator }) => operator).filter((operator) => operator !== ALONE),
    );
    expect(second.lines.at(-1)).toMatchObject({
      operators: applied.length - 1,
      totals: { kept: 1, 'rolled-back': applied.length - 2 },
    });
    expect(await exportOf()).toBe(report.text);

    await together(database, ({ query }) => query(`DELETE FROM incident WHERE caller_id = '${card}'`));
    await rollback(0, '--only', REFERENCED);
    await done(['migrate', '--yes', '--quiet'], 7);

    expect(await exportOf()).toBe(report.text);
    // The embedded database takes seconds to open.
    for (const number of name === 'embedded' ? [2] : [1, 2, 3]) {
      const folder = reportFolder(database, run, number);
      const output = `rollback-${number}`;
      await exportOf('--rollback', String(number), '--output', output);
      for (const file of ['audit.ndjson', 'summary.json', 'summary.md'])
        expect(await readFile(join(database.folder, output, file)), file).toEqual(
          await readFile(join(folder, file)),
        );
      const held = await done(['audit', 'verify', join(folder, 'audit.ndjson')]);
      expect(held).toContain(`rollback ${number} of run ${run}`);
      expect(held).toContain('Authentic');
    }
    const forged = rechained(
      second.lines.map((line) => (line['state'] === 'kept' ? { ...line, why: 'other' } : line)),
    );
    expect(await verdictOn(forged)).toMatchObject({
      verdict: 'not authentic',
      problem: { line: second.lines.findIndex(({ state }) => state === 'kept') + 1 },
    });
    expect(await exportOf('--output', 'late')).toBe('');
    expect(await readFile(join(database.folder, 'late', 'summary.json'), 'utf8')).toBe(
      await readFile(join(reportFolder(database, run), 'summary.json'), 'utf8'),
    );
  }, 240_000);

  it.runIf(name !== 'embedded')(
    'say that the journal was altered since',
    async () => {
      const decisions = journalTable(kind, 'decision');
      const alter = (reason: string) =>
        together(database, ({ query }) =>
          query(
            `UPDATE ${decisions} SET reason = '${reason}' WHERE run_id = '${run}' AND operator = '${ALONE}'`,
          ),
        );
      await alter('conflict');
      const altered = await onecard(['audit', 'export', run]);
      expect(altered.code).toBe(3);
      expect(altered.stderr).toContain(
        'The journal does not fit the head that it holds: it was altered since',
      );
      // The file is still the one whose head the journal holds; what the journal makes of itself is not.
      expect(await verdictOn(report.text)).toMatchObject({ verdict: 'authentic' });
      expect(await verdictOn(altered.stdout)).toMatchObject({
        code: 3,
        verdict: 'not authentic',
        problem: { text: expect.stringContaining('does not fit the head that it holds itself') },
      });
      await alter('no-candidate');
      expect(await exportOf()).toBe(report.text);
    },
    120_000,
  );
});

/** Of people, as they stand in the tables: short ones would be found by chance. */
async function personalValues({ query }: TestDatabase): Promise<string[]> {
  const columns = [
    'id',
    'first_name',
    'last_name',
    'email',
    'employee_number',
    'network_login_name',
    'mainframe_login_name',
    'telephone',
    'mobile',
  ];
  const rows = [
    ...(await query(`SELECT ${columns.join(', ')}, login_name AS login FROM operator`)),
    ...(await query(`SELECT ${columns.join(', ')}, ssp_login_name AS login FROM person`)),
  ];
  const values = rows.flatMap((row) => Object.values(row).map((value) => String(value ?? '')));
  return [...new Set(values.map((value) => value.trim()))].filter((value) => value.length > 5);
}

/** With the sample in another folder, and no server. */
function withoutDatabase(database: TestDatabase, text: string): Promise<CliResult> {
  const folder = join(database.folder, 'elsewhere');
  return mkdir(folder, { recursive: true })
    .then(() => writeFile(join(folder, 'audit.ndjson'), text))
    .then(() => runOnecard(['audit', 'verify', 'audit.ndjson'], { folder }));
}

function expectNotCalledAuthentic({ code, stdout }: CliResult): void {
  expect(code).toBe(0);
  expect(stdout).toContain('Internally consistent');
  expect(sentences(stdout)).not.toMatch(/authentic/i);
}

/** Without the one that says that this is not shown. */
function sentences(stdout: string): string {
  const denial = 'That does not show that it is authentic:';
  expect(stdout).toContain(denial);
  return stdout.replace(denial, '');
}
