import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { OnecardError } from '../../src/errors.js';
import { POLICIES, type Policies } from '../../src/model/policies.js';
import { ApprovedPlan } from '../../src/plan/approved-plan.js';
import { Redactor } from '../../src/redactor.js';
import {
  compareBaseline,
  refuseBaseline,
  refuseNewBaseline,
  writeBaseline,
} from '../../src/rehearse/baseline.js';
import type { BaselineLine } from '../../src/rehearse/baseline-file.js';
import { sortedLines } from '../../src/rehearse/sorted-lines.js';
import { databases } from '../support/databases.js';
import { HOSTILE } from '../support/hostile.js';
import { onecardOn } from '../support/on-database.js';
import { sample } from '../support/sample.js';

const policies: Policies = {
  onMatch: 'review',
  archivedOperators: 'include',
  anonymizedOperators: 'include',
  archivedPersons: 'candidates',
  onContradiction: 'review',
  onSharedKey: 'review',
};
const configuration = { digest: 'a'.repeat(64), policies };
const env = { ONECARD_REDACT_KEY: 'a secret of the rehearsal' };

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(inject('sharedFolder'), 'baseline-'));
  file = join(folder, 'baseline.ndjson');
});

const line = (operator: string, changed: Partial<BaselineLine> = {}): BaselineLine => ({
  operator,
  decision: 'create',
  reason: 'no-candidate',
  action: 'create',
  person: null,
  ...changed,
});
const matched = (operator: string, person: string) =>
  line(operator, { decision: 'match', reason: 'match', action: 'link', person });

async function* planOf(lines: readonly BaselineLine[]) {
  yield* lines;
}

const write = (lines: readonly BaselineLine[], isRedacted = true, path = file) =>
  writeBaseline(path, planOf(lines), { configuration, env, folder, isRedacted });

const compare = (
  lines: readonly BaselineLine[],
  changed: { env?: NodeJS.ProcessEnv; redactor?: Redactor; configuration?: typeof configuration } = {},
) => compareBaseline(file, planOf(lines), { configuration, env, folder, redactor: null, ...changed });

const textsOf = async (path = file) => (await readFile(path, 'utf8')).trimEnd().split('\n');

/** What a user is told: the sentence, and what to do. */
async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof OnecardError)) throw new Error(`no refusal, but ${error}`);
  expect(error.exitCode).toBe(2);
  return `${error.message} → ${error.remedy}`;
}

describe('a baseline', () => {
  const plan = ['3', '10', '2', '1'].map((key) => matched(key, `p${key}`));

  it('holds pseudonyms alone, those of every report with the same key', async () => {
    expect(await write(plan)).toBe(4);
    const redactor = new Redactor(env.ONECARD_REDACT_KEY);
    const texts = await textsOf();
    expect(texts).toContain(
      JSON.stringify(matched(redactor.pseudonym('operator', '10'), redactor.pseudonym('person', 'p10'))),
    );
    expect(texts.join()).not.toMatch(/"p?(10|1|2|3)"/);
  });

  it('holds its lines in the order of what is written, whatever the order of the plan', async () => {
    for (const isRedacted of [true, false]) {
      const [one, other] = [join(folder, `one-${isRedacted}`), join(folder, `other-${isRedacted}`)];
      await write(plan, isRedacted, one);
      await write(plan.toReversed(), isRedacted, other);
      expect(await readFile(one, 'utf8')).toBe(await readFile(other, 'utf8'));
      const operators = (await textsOf(one)).slice(1, -1).map((text) => JSON.parse(text).operator);
      expect(operators).toEqual(operators.toSorted());
    }
  });

  it('differs in one line, and the last, where one decision does', async () => {
    await write(plan);
    const before = await textsOf();
    await write(plan.map((each) => (each.operator === '2' ? line('2') : each)));
    const after = await textsOf();
    expect(after.filter((text, index) => text !== before[index])).toHaveLength(2);
  });

  it('says what it is about, and ends with the digest of all that stands before', async () => {
    await write(plan);
    const text = await readFile(file, 'utf8');
    const [header = ''] = text.split('\n');
    expect(JSON.parse(header)).toEqual({
      onecard: 'baseline',
      format: 1,
      keys: 'pseudonyms',
      keyCheck: new Redactor(env.ONECARD_REDACT_KEY).keyCheck,
      configuration: configuration.digest,
      policies,
    });
    const body = text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1);
    expect(JSON.parse(text.slice(body.length))).toEqual({
      operators: 4,
      digest: createHash('sha256').update(body).digest('hex'),
    });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('takes the place of a former one, and of no other file', async () => {
    await write(plan);
    await write([line('1')]);
    expect(await textsOf()).toHaveLength(3);
    await writeFile(join(folder, 'mine.txt'), 'mine\n');
    expect(await refusal(write(plan, true, join(folder, 'mine.txt')))).toContain('no baseline');
    expect(await readFile(join(folder, 'mine.txt'), 'utf8')).toBe('mine\n');
    expect((await readdir(folder)).toSorted()).toEqual(['baseline.ndjson', 'mine.txt']);
  });

  it('keeps the former one where the plan breaks off', async () => {
    await write(plan);
    const before = await readFile(file, 'utf8');
    async function* broken() {
      yield line('1');
      throw new Error('the plan broke off');
    }
    const writing = writeBaseline(file, broken(), { configuration, env, folder, isRedacted: true });
    await expect(writing).rejects.toThrow('the plan broke off');
    expect(await readFile(file, 'utf8')).toBe(before);
    expect(await readdir(folder)).toEqual(['baseline.ndjson']);
  });

  it.each([undefined, ''])('with pseudonyms needs a key, which is said beforehand (%j)', async (key) => {
    const without = { env: { ONECARD_REDACT_KEY: key }, isRedacted: true };
    const told = await refusal(refuseNewBaseline(file, without));
    expect(told).toMatch(/Set ONECARD_REDACT_KEY .*--no-redact/);
    expect(await refusal(writeBaseline(file, planOf(plan), { ...without, configuration, folder }))).toBe(
      told,
    );
    await expect(refuseNewBaseline(file, { ...without, isRedacted: false })).resolves.toBeUndefined();
  });
});

describe('a comparison with a baseline', () => {
  const plan = [line('1'), matched('2', 'p'), line('3'), line('4')];

  it.each([true, false])('finds the same decisions the same (redacted: %s)', async (isRedacted) => {
    await write(plan, isRedacted);
    expect(await compare(plan.toReversed())).toEqual({
      file,
      same: 4,
      changed: 0,
      changes: [],
      isOtherConfiguration: false,
      changedPolicies: [],
    });
  });

  it.each([
    ['another decision', line('1', { decision: 'review' })],
    ['another reason', line('1', { reason: 'decided' })],
    ['another action', line('1', { action: 'none' })],
    ['another person', line('1', { person: 'p' })],
  ])('notices %s', async (_, changedLine) => {
    await write(plan, false);
    const { operator, ...after } = changedLine;
    const { operator: __, ...before } = line('1');
    const comparison = await compare([changedLine, ...plan.slice(1)]);
    expect(comparison).toMatchObject({ same: 3, changed: 1, changes: [{ operator, before, after }] });
  });

  it('notices who came and who went, at the ends and in between', async () => {
    await write([line('2'), line('4'), line('6')], false);
    const { same, changes } = await compare([line('1'), line('4'), line('5'), line('7')]);
    expect(same).toBe(1);
    expect(changes.map(({ operator, before, after }) => [operator, before !== null, after !== null])).toEqual(
      [
        ['1', false, true],
        ['2', true, false],
        ['5', false, true],
        ['6', true, false],
        ['7', false, true],
      ],
    );
  });

  it('tells two persons apart, by their pseudonyms', async () => {
    await write(plan);
    const { changes } = await compare([line('1'), matched('2', 'q'), line('3'), line('4')]);
    const redactor = new Redactor(env.ONECARD_REDACT_KEY);
    expect(changes).toMatchObject([
      {
        operator: redactor.pseudonym('operator', '2'),
        before: { person: redactor.pseudonym('person', 'p') },
        after: { person: redactor.pseudonym('person', 'q') },
      },
    ]);
  });

  it('shows pseudonyms where the baseline has plain keys that nobody should see', async () => {
    await write([matched('anna', 'bert')], false);
    const redactor = new Redactor('another secret for this report');
    const { changes } = await compare([matched('anna', 'carl'), line('dora')], { redactor });
    expect(JSON.stringify(changes)).not.toMatch(/anna|bert|carl|dora/);
    expect(changes.map(({ operator }) => operator).toSorted()).toEqual(
      ['anna', 'dora'].map((key) => redactor.pseudonym('operator', key)).toSorted(),
    );
  });

  it('lists the first hundred, and counts all', async () => {
    await write([], false);
    const many = Array.from({ length: 250 }, (_, n) => line(String(n).padStart(3, '0')));
    const { changed, changes } = await compare(many.toReversed());
    expect(changed).toBe(250);
    expect(changes.map(({ operator }) => operator)).toEqual(
      many.slice(0, 100).map(({ operator }) => operator),
    );
  });

  it('keeps keys whole, whatever they hold', async () => {
    const hostile = [...new Set(HOSTILE)]
      .filter((key) => !/\p{Cs}/u.test(key))
      .map((key) => matched(key, key));
    await write(hostile, false);
    expect(await compare(hostile.toReversed())).toMatchObject({ same: hostile.length, changed: 0 });
  });

  it('says which policies are other ones, and still what changed', async () => {
    await write(plan);
    const other = { digest: 'b'.repeat(64), policies: { ...policies, onMatch: POLICIES.onMatch[1] } };
    expect(await compare(plan.slice(1), { configuration: other })).toMatchObject({
      changed: 1,
      isOtherConfiguration: true,
      changedPolicies: [{ policy: 'onMatch', before: 'review', after: 'link' }],
    });
  });

  it('leaves nothing behind', async () => {
    await write(plan);
    await compare(plan);
    expect(await readdir(folder)).toEqual(['baseline.ndjson']);
  });
});

describe('a baseline is refused, with what to do,', () => {
  beforeEach(() => write([line('1'), line('2'), line('3')]));

  const altered = async (alter: (texts: string[]) => string[]) =>
    writeFile(file, `${alter(await textsOf()).join('\n')}\n`);
  const told = () => refusal(compare([line('1')]));

  it('where it is not there', async () => {
    await rm(file);
    expect(await told()).toMatch(/does not exist\. → .*--write-baseline/);
    expect(await refusal(refuseBaseline(file, { env }))).toMatch(/does not exist/);
  });

  it.each(['', 'words\n', '{"format":1}\n', 'null\n'])('where it is none: %j', async (text) => {
    await writeFile(file, text);
    expect(await told()).toMatch(/is no baseline of onecard\. → /);
  });

  it('where it has another format', async () => {
    await altered(([header = '', ...rest]) => [header.replace('"format":1', '"format":2'), ...rest]);
    expect(await told()).toMatch(/format 2, and this version of onecard reads the format 1\. → /);
  });

  it.each<[string, (texts: string[]) => string[]]>([
    ['the last line is missing', (texts) => texts.slice(0, -1)],
    ['a line is missing', (texts) => texts.toSpliced(2, 1)],
    ['a line is there twice', (texts) => texts.toSpliced(2, 0, texts[2] ?? '')],
    ['two lines are in other places', ([h = '', a = '', b = '', ...rest]) => [h, b, a, ...rest]],
    ['a decision was changed', (texts) => texts.map((text) => text.replace('"create"', '"review"'))],
    ['its policies were changed', ([h = '', ...rest]) => [h.replace('"review"', '"link"'), ...rest]],
    ['a line is cut in the middle', ([h = '', a = '', ...rest]) => [h, a.slice(0, 20), ...rest]],
    ['something follows', (texts) => [...texts, texts[1] ?? '']],
    ['two versions were put together', (texts) => [...texts.slice(0, 2), '<<<<<<< ours', ...texts.slice(2)]],
  ])('where %s', async (_, alter) => {
    await altered(alter);
    expect(await told()).toMatch(/is damaged: .*→ .*--write-baseline/);
    expect(await refusal(refuseBaseline(file, { env }))).toBe(await told());
  });

  it('where its pseudonyms are made with another key, or none is given', async () => {
    for (const [key, what] of [
      ['another secret of sixteen', /another ONECARD_REDACT_KEY.* → Set ONECARD_REDACT_KEY/],
      [undefined, /ONECARD_REDACT_KEY is not set.* → Set ONECARD_REDACT_KEY/],
    ] as const) {
      const other = { env: { ONECARD_REDACT_KEY: key } };
      expect(await refusal(compare([line('1')], other))).toMatch(what);
      expect(await refusal(refuseBaseline(file, other))).toMatch(what);
    }
  });

  it('but not for the line breaks of Windows, which version control may give it', async () => {
    await altered((texts) => texts.map((text, index) => (index < texts.length - 1 ? `${text}\r` : text)));
    expect(await compare([line('1'), line('2'), line('3')])).toMatchObject({ same: 3, changed: 0 });
  });

  it('but not for a last line without a break', async () => {
    await writeFile(file, (await textsOf()).join('\n'));
    expect(await compare([line('1'), line('2'), line('3')])).toMatchObject({ same: 3, changed: 0 });
    await appendFile(file, '\n');
    expect(await compare([line('1'), line('2'), line('3')])).toMatchObject({ same: 3, changed: 0 });
  });
});

describe('lines that do not fit into memory', () => {
  it('come in order all the same, and their files go', async () => {
    const keys = Array.from({ length: 1000 }, (_, n) => createHash('sha256').update(String(n)).digest('hex'));
    const seen: string[] = [];
    let waiting = 0;
    for await (const { operator } of sortedLines(planOf(keys.map((key) => line(key))), folder, 70)) {
      if (seen.length === 0) waiting = (await readdir(folder, { recursive: true })).length;
      seen.push(operator);
    }
    expect(waiting).toBe(1 + Math.floor(1000 / 70));
    expect(seen).toEqual(keys.toSorted());
    expect(await readdir(folder)).toEqual([]);
  });

  it('leave no files where nobody wants the rest', async () => {
    const keys = Array.from({ length: 10 }, (_, n) => line(String(n)));
    for await (const _ of sortedLines(planOf(keys), folder, 3)) break;
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('the plan file of a dry run', () => {
  const sampled = databases.find(({ name }) => name === 'embedded');
  let plan = '';

  beforeAll(async () => {
    const database = await sampled?.fresh(sample);
    if (database === undefined) throw new Error('no embedded database');
    plan = join(database.folder, 'plan.ndjson');
    await onecardOn(database, ['migrate', '--dry-run', '--plan-out', plan, '--quiet']);
  });

  it('is what a baseline is made from and compared with', async () => {
    const opened = await ApprovedPlan.open(plan);
    const written = await writeBaseline(file, opened.lines(), {
      configuration,
      env,
      folder,
      isRedacted: true,
    });
    expect(written).toBeGreaterThan(30);
    const same = await compareBaseline(file, opened.lines(), { configuration, env, folder, redactor: null });
    expect(same).toMatchObject({ same: written, changed: 0 });
  });
});
