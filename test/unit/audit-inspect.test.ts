import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Chain, withheld } from '../../src/audit/chain.js';
import { type Inspection, inspectFile, type Problem } from '../../src/audit/inspect.js';

const OPERATORS = 300;
/** Every so many lines one was purged. */
const WITHHELD = 50;

const LINES = reportOf(OPERATORS);
const WHOLE = Buffer.from(LINES.join(''));
const LAST = LINES.length;
const NUMBERS = LINES.map((_, index) => index + 1);

let folder: string;
let path: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onecard-audit-'));
  path = join(folder, 'audit.ndjson');
});
afterAll(() => rm(folder, { recursive: true }));

it('a report that nobody touched is consistent, with purged lines in it', async () => {
  expect(await inspect(WHOLE)).toEqual({
    header: {
      kind: 'run',
      run: '20261123-0215-k7qd',
      rollback: null,
      redacted: false,
      database: { kind: 'PostgreSQL', database: 'servicedesk' },
    },
    lines: LAST,
    withheld: NUMBERS.filter(isWithheld),
    head: linkOf(LAST),
    problem: null,
  });
});

describe('each line of a report', () => {
  it('is missed where it was removed', async () => {
    for (const number of NUMBERS.slice(0, -1))
      expect(await problemOf(LINES.toSpliced(number - 1, 1)), `line ${number}`).toEqual({
        line: number,
        kind: 'removed',
        text: `Line ${number} was removed.`,
      });
    expect(await problemOf(LINES.slice(0, -1))).toMatchObject({ line: LAST - 1, kind: 'cut short' });
  });

  it('is named where it was removed with those after it', async () => {
    expect(await problemOf(LINES.toSpliced(9, 4))).toEqual({
      line: 10,
      kind: 'removed',
      text: 'Lines 10 to 13 were removed.',
    });
  });

  it('is named where a letter of it was altered', async () => {
    for (const number of NUMBERS)
      expect(await problemOf(withLine(number, (line) => replaced(line, '"kind":', '"kinD":')))).toEqual(
        altered(number),
      );
  });

  it('is named where its link was altered', async () => {
    for (const number of NUMBERS) {
      const link = linkOf(number);
      const other = `${link.slice(0, -1)}${link.endsWith('0') ? '1' : '0'}`;
      expect(await problemOf(withLine(number, (line) => replaced(line, link, other)))).toEqual(
        altered(number),
      );
    }
  });

  it('is named where its number was altered, to one before it, after it, and beyond the end', async () => {
    for (const number of NUMBERS)
      for (const other of [number - 1, number + 1, 'null'])
        expect(
          await problemOf(
            withLine(number, (line) => replaced(line, `{"line":${number},`, `{"line":${other},`)),
          ),
          `line ${number} as ${other}`,
        ).toMatchObject({ line: number, kind: 'altered' });
  });

  it('is named where something was added to it', async () => {
    for (const number of NUMBERS)
      for (const added of ['"note":"approved",', ' '])
        expect(
          await problemOf(withLine(number, (line) => replaced(line, '"chain":', `${added}"chain":`))),
          `line ${number} with ${added}`,
        ).toMatchObject({ line: number, kind: 'altered' });
  });

  it('is named where it stands twice', async () => {
    for (const number of NUMBERS)
      expect(
        await problemOf(LINES.toSpliced(number, 0, LINES[number - 1] ?? '')),
        `line ${number}`,
      ).toMatchObject({ line: number + 1, kind: 'added' });
  });

  it('is named where it has changed places with the next', async () => {
    for (const number of NUMBERS.slice(0, -1)) {
      const [one = '', two = ''] = LINES.slice(number - 1, number + 1);
      expect(await problemOf(LINES.toSpliced(number - 1, 2, two, one))).toEqual({
        line: number,
        kind: 'reordered',
        text: `Line ${number} is not in its place: line ${number + 1} stands there.`,
      });
    }
  });

  it('is named where the file ends with it, or within it', async () => {
    for (const number of NUMBERS.slice(0, -1)) {
      const before = LINES.slice(0, number - 1);
      const line = LINES[number - 1] ?? '';
      const ends = { line: number, kind: 'cut short' };
      expect(await problemOf([...before, line]), `after line ${number}`).toMatchObject(ends);
      expect(await problemOf([...before, line.trimEnd()]), `before the break of ${number}`).toMatchObject(
        ends,
      );
      if (number === 1) continue;
      for (const length of [1, line.length - 2])
        expect(
          await problemOf([...before, line.slice(0, length)]),
          `after ${length} of line ${number}`,
        ).toMatchObject(ends);
    }
  });

  it('is named where it was put after another, alone or with its neighbour', async () => {
    for (const number of NUMBERS.slice(0, -3)) {
      const moved = LINES.slice(number - 1, number + 1);
      expect(
        await problemOf([
          ...LINES.slice(0, number - 1),
          LINES[number + 1] ?? '',
          ...moved,
          ...LINES.slice(number + 2),
        ]),
      ).toMatchObject({ line: number, kind: 'reordered' });
    }
  });

  it('is named where it comes from another report; a header is found by the line that follows it', async () => {
    const other = reportOf(OPERATORS, 'another');
    for (const number of NUMBERS)
      expect(await problemOf(withLine(number, () => other[number - 1] ?? ''))).toEqual(
        altered(Math.max(number, 2)),
      );
  });

  it('may be withheld, but for the header and the summary, and then says nothing else', async () => {
    for (const number of NUMBERS.slice(1, -1)) {
      if (isWithheld(number)) continue;
      const less = withLine(number, (line) => String(withheldLine(Buffer.from(line))));
      expect(await inspect(Buffer.from(less.join('')))).toMatchObject({
        withheld: [...NUMBERS.filter(isWithheld), number].toSorted((one, other) => one - other),
        head: linkOf(LAST),
        problem: null,
      });
    }
  });
});

describe('after the last line', () => {
  it.each([
    ['a line', '{"kind":"note"}\n'],
    ['a line without a break', 'x'],
    ['a blank line', '\n'],
    ['a copy of the last', LINES.at(-1)],
    ['a copy of all', LINES.join('')],
    ['a carriage return', '\r\n'],
    ['NULs', '\0\0\0\0'],
  ])('%s is found', async (_, added = '') => {
    expect(await problemOf([...LINES, added])).toEqual({
      line: LAST + 1,
      kind: 'added',
      text: `Line ${LAST + 1} was added after the closing summary.`,
    });
  });

  it('a line that continues the chain is found', async () => {
    const chain = new Chain();
    for (const line of LINES) chain.link(contentOf(line));
    expect(chain.head).toBe(linkOf(LAST));
    expect(await problemOf([...LINES, chain.link({ kind: 'operator' })])).toMatchObject({
      line: LAST + 1,
      kind: 'added',
    });
  });
});

describe('a file', () => {
  it('that lost its last line break is named as that', async () => {
    expect(await problemOf([LINES.join('').trimEnd()])).toEqual({
      line: LAST,
      kind: 'cut short',
      text: `Line ${LAST} is cut short: the file ends without a line break.`,
    });
  });

  it('that went through a transfer of texts is named as that, be it from its first line or from a later one', async () => {
    const asText = (line: string) => line.replace('\n', '\r\n');
    const text = (line: number) =>
      `Line ${line} was altered: it ends with a carriage return, as after a transfer that converts texts.`;
    expect(await problemOf(LINES.map(asText))).toEqual({ line: 1, kind: 'altered', text: text(1) });
    expect(await problemOf(withLine(17, asText))).toEqual({ line: 17, kind: 'altered', text: text(17) });
  });

  it('that an editor has marked as Unicode is found altered in its first line', async () => {
    expect(await problemOf(['\ufeff', ...LINES])).toMatchObject({ line: 1, kind: 'altered' });
  });

  it('that begins with a blank line, or has one in between, is found altered there', async () => {
    for (const number of NUMBERS)
      expect(await problemOf(LINES.toSpliced(number - 1, 0, '\n'))).toMatchObject({ line: number });
  });

  it.each([
    ['empty', ''],
    ['of line breaks', '\n\n\n'],
    ['of letters', 'Dear reader\n'],
    ['of zeros', Buffer.alloc(1_000_000)],
    ['of other NDJSON', '{"line":1,"kind":"run"}\n{"line":2,"kind":"summary"}\n'],
    ['compressed', Buffer.from('1f8b0800000000000003', 'hex')],
    ['of the first half of a line', LINES[0]?.slice(0, 200) ?? ''],
    [
      'of a header that is none',
      rechained([{ kind: 'plan' }, { kind: 'summary', operators: 0, totals: {} }]),
    ],
  ])('%s is no report', async (_, content) => {
    await expect(inspect(Buffer.from(content))).rejects.toMatchObject({
      name: 'OnecardError',
      exitCode: 2,
      message: `The file ${path} is no audit report of onecard.`,
    });
  });

  it('with a line of 100 MB is refused', async () => {
    const long = Buffer.alloc(100 << 20, 'x');
    await writeFile(path, Buffer.concat([Buffer.from(LINES.slice(0, 5).join('')), long]));
    await expect(inspectFile(path)).rejects.toMatchObject({ exitCode: 2 });
  });

  it('that is a folder, or not there, is refused', async () => {
    await expect(inspectFile(folder)).rejects.toMatchObject({ name: 'OnecardError', exitCode: 2 });
    await expect(inspectFile(join(folder, 'missing'))).rejects.toMatchObject({
      name: 'OnecardError',
      exitCode: 2,
    });
  });
});

describe('a summary that does not sum up what stands before it', () => {
  const values = LINES.map(contentOf);
  const [summary] = values.slice(-1);
  const withSummary = (changes: object) => rechained([...values.slice(0, -1), { ...summary, ...changes }]);

  it.each([
    ['other operators', { operators: OPERATORS - 1 }],
    ['no operators', { operators: undefined }],
    ['fewer of a kind', { totals: { applied: 3, review: 140 } }],
    ['no totals', { totals: undefined }],
  ])('says %s', async (_, changes) => {
    expect(await problemOf([withSummary(changes)])).toMatchObject({ line: LAST, kind: 'miscounted' });
  });

  it('says what is not there at all', async () => {
    const complete = reportOf(10, 'complete', Number.POSITIVE_INFINITY).map(contentOf);
    const [end] = complete.slice(-1);
    const text = rechained([
      ...complete.slice(0, -1),
      { ...end, totals: { applied: 5, review: 5, failed: 1 } },
    ]);
    expect(await problemOf([text])).toEqual({
      line: 12,
      kind: 'miscounted',
      text: 'The closing summary, line 12, says 1 failed, and there are 0.',
    });
  });
});

describe('whatever was done to a file', () => {
  const edit = fc.oneof(
    { weight: 3, arbitrary: splices(fc.string({ unit: 'binary-ascii', maxLength: 4 })) },
    splices(fc.constantFrom('\n', '\r\n', '}', '{}', '0', ...LINES.slice(100, 104))),
    fc.record({ what: fc.constant('move' as const), from: line(), to: line(), lines: fc.nat(3) }),
    fc.record({ what: fc.constant('withhold' as const), line: line() }),
  );

  it('it is never called consistent, and the first line that is not as it was is the one that is named', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
        const edited = edits.reduce(applied, WHOLE);
        if (edited.equals(WHOLE)) return;
        // The only thing that may be done: that is what lets a purge leave the rest as it is.
        const isOnlyLess = firstDifference(edited) === undefined;
        const problem = await problemOf([edited]).catch((error) => {
          expect(error).toMatchObject({ exitCode: 2 });
          return 'refused' as const;
        });
        if (problem === 'refused') return;
        if (isOnlyLess) expect(problem).toBe(null);
        else expect(problem?.line).toBe(firstDifference(edited));
      }),
      { numRuns: 300 },
    );
  });

  type Edit = typeof edit extends fc.Arbitrary<infer Each> ? Each : never;

  function applied(bytes: Buffer, each: Edit): Buffer {
    if (each.what === 'splice') {
      const at = each.at % (bytes.length + 1);
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from(each.text),
        bytes.subarray(at + each.removed),
      ]);
    }
    const lines = splitLines(bytes);
    if (each.what === 'move') {
      const moved = lines.splice((each.from - 1) % Math.max(lines.length, 1), each.lines + 1);
      return Buffer.concat(lines.toSpliced((each.to - 1) % (lines.length + 1), 0, ...moved));
    }
    // Neither the first nor the last can go without the report.
    const index = 1 + (each.line % Math.max(lines.length - 2, 1));
    const taken = withheldLine(lines[index]);
    return taken === undefined ? bytes : Buffer.concat(lines.toSpliced(index, 1, taken));
  }

  function splices(text: fc.Arbitrary<string>) {
    return fc.record({
      what: fc.constant('splice' as const),
      at: fc.nat(WHOLE.length),
      removed: fc.oneof(fc.nat(3), fc.nat(2000), fc.nat(WHOLE.length)),
      text,
    });
  }

  function line() {
    return fc.integer({ min: 1, max: LAST });
  }
});

function reportOf(operators: number, run = '20261123-0215-k7qd', every = WITHHELD): string[] {
  const chain = new Chain();
  const lines = [
    chain.link({
      kind: 'run',
      format: 1,
      run,
      database: { kind: 'PostgreSQL', database: 'servicedesk', server: 'cluster 1' },
      startedAt: '2026-11-23T02:15:00.000Z',
    }),
  ];
  const totals: Record<string, number> = {};
  for (let operator = 1; operator <= operators; operator++) {
    const state = operator % 2 === 0 ? 'applied' : null;
    const value = {
      kind: 'operator',
      operator: `${run}-${operator}`,
      decision: state === null ? 'review' : 'create',
      evidence: [{ key: 'email', value: 'zoë@example.com', persons: 2, operators: 1 }],
      change: state && { state, person: `p${operator}` },
    };
    totals[state ?? value.decision] = (totals[state ?? value.decision] ?? 0) + 1;
    // Line 1 is the header.
    lines.push(chain.link((operator + 1) % every === 0 ? withheld(sha256(`${operator}`)) : value));
  }
  lines.push(chain.link({ kind: 'summary', operators, totals }));
  return lines;
}

function isWithheld(number: number): boolean {
  return number % WITHHELD === 0;
}

function sha256(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A line without its number and link. */
function contentOf(text: string): object {
  const { line: _, chain: __, ...value } = JSON.parse(text);
  return value;
}

function rechained(values: readonly object[]): string {
  const chain = new Chain();
  return values.map((value) => chain.link(value)).join('');
}

function linkOf(number: number): string {
  return JSON.parse(LINES[number - 1] ?? '').chain;
}

function withLine(number: number, change: (line: string) => string): string[] {
  return LINES.toSpliced(number - 1, 1, change(LINES[number - 1] ?? ''));
}

function replaced(text: string, what: string, by: string): string {
  expect(text).toContain(what);
  return text.replace(what, by);
}

function altered(line: number): Problem {
  return { line, kind: 'altered', text: `Line ${line} was altered: it does not fit the line before.` };
}

async function inspect(content: Buffer): Promise<Inspection> {
  await writeFile(path, content);
  return inspectFile(path);
}

async function problemOf(parts: readonly (string | Buffer)[]): Promise<Problem | null> {
  return (await inspect(Buffer.concat(parts.map((part) => Buffer.from(part))))).problem;
}

/** With their breaks. */
function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    const at = bytes.indexOf('\n', from);
    const to = at < 0 ? bytes.length : at + 1;
    lines.push(bytes.subarray(from, to));
    from = to;
  }
  return lines;
}

/** Of a file that merely ends early, the last line that is there; lines that are withheld are as they were. */
function firstDifference(edited: Buffer): number | undefined {
  const lines = splitLines(edited);
  const index = lines.findIndex((line, at) => {
    const original = Buffer.from(LINES[at] ?? '');
    return !line.equals(original) && withheldLine(original)?.equals(line) !== true;
  });
  if (index >= 0) return index + 1;
  return lines.length < LINES.length ? lines.length : undefined;
}

/** What a purge leaves of a line that is as it was written. */
function withheldLine(line: Buffer | undefined): Buffer | undefined {
  const [, body, number, link] =
    /^((?:\{"line":(\d+),).*),"chain":"([0-9a-f]{64})"\}\n$/.exec(String(line)) ?? [];
  if (body === undefined || !LINES.includes(String(line)) || body.includes('"withheld"')) return undefined;
  return Buffer.from(`{"line":${number},"kind":"withheld","digest":"${sha256(body)}","chain":"${link}"}\n`);
}
