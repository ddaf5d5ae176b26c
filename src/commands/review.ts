import type { PolicyFlags } from '../config/load.js';
import { OnecardError } from '../errors.js';
import { REASONS } from '../model/decision.js';
import { ExitCode } from '../model/exit-code.js';
import { DECISION_WORDS, type FilledFile } from '../model/human-decision.js';
import { csvLines } from '../output/csv.js';
import { countOf, formatCount } from '../output/terminal/amounts.js';
import { evidenceText } from '../output/terminal/diff/evidence.js';
import { brushFor } from '../output/terminal/look.js';
import { printable } from '../output/terminal/printable.js';
import { PrivateFile } from '../private-file.js';
import { requirePrivileges } from '../privileges/require.js';
import { type Case, type Cases, findCases, SHOWN_CANDIDATES } from '../review/cases.js';
import { checkDecisions, type DecisionsCheck } from '../review/check.js';
import { problemText } from '../review/problems.js';
import { KEY_COLUMNS, readDecisionsFile } from './decisions-file.js';
import {
  announceSample,
  lookOf,
  type Opened,
  type Request,
  readRequest,
  type SharedFlags,
  type Terminal,
  withDatabase,
  write,
} from './terminal.js';

export interface ReviewFlags extends SharedFlags, PolicyFlags {
  /** The decisions file to write. */
  readonly output?: string;
  /** A filled one. */
  readonly check?: string;
}

/** Writes down what humans have to decide, for a spreadsheet, or checks what they have decided. */
export async function review(terminal: Terminal, flags: ReviewFlags): Promise<ExitCode> {
  if (flags.output !== undefined && flags.check !== undefined) {
    throw new OnecardError('--output writes a decisions file, --check reads one.', {
      remedy: 'Leave one of them out.',
    });
  }
  const request = readRequest(terminal, flags);
  const file = flags.check === undefined ? undefined : await readDecisionsFile(flags.check);
  announceSample(terminal, flags, request);
  return file === undefined
    ? writeCases(terminal, flags, request)
    : checkFile(terminal, flags, request, file);
}

async function writeCases(terminal: Terminal, flags: ReviewFlags, request: Request): Promise<ExitCode> {
  const file = flags.output === undefined ? undefined : await PrivateFile.create(flags.output);
  try {
    await withDatabase(terminal, request, 'read', async (opened) => {
      await requirePrivileges('review', opened.database, opened.layout);
      const cases = await opened.database.snapshot((session) =>
        findCases(session, opened.database, opened.layout),
      );
      const out = (text: string) => file?.write(text) ?? write(terminal.stdout, text);
      if (flags.json && file === undefined) await out(`${JSON.stringify(documentOf(cases, opened))}\n`);
      else for await (const text of decisionsFile(cases.cases, opened)) await out(text);
      await file?.finish();
      await tellWritten(terminal, flags, cases);
    });
  } catch (error) {
    await file?.discard();
    throw error;
  }
  return ExitCode.Done;
}

/** The columns beside those of the keys; people fill in the empty ones. */
const OPERATOR_COLUMNS = [
  'operator',
  'name',
  'reason',
  'evidence',
  'decision',
  'person',
  'who',
  'note',
  'candidates',
];

function decisionsFile(cases: readonly Case[], { layout }: Opened): AsyncIterable<string> {
  const keys = layout.configuration.match.keys.map(({ name }) => name);
  const candidates = Array.from({ length: SHOWN_CANDIDATES }, (_, index) => `candidate ${index + 1}`);
  const columns = [
    ...OPERATOR_COLUMNS,
    ...keys.map((key) => `operator: ${key}`),
    ...candidates.flatMap((candidate) => [
      candidate,
      `${candidate} name`,
      ...keys.map((key) => `${candidate}: ${key}`),
    ]),
  ];
  const rows = cases.map((each) =>
    Object.fromEntries([
      ['operator', each.operator],
      ['name', each.name],
      ['reason', REASONS[each.reason]],
      ['evidence', evidenceText(each, layout.configuration)],
      ['candidates', each.candidateCount],
      ...keys.map((key, index) => [`operator: ${key}`, each.values[index]]),
      ...each.candidates.flatMap(({ person, name, values }, place) => {
        const candidate = candidates[place];
        return [
          [candidate, person],
          [`${candidate} name`, name],
          ...keys.map((key, index) => [`${candidate}: ${key}`, values[index]]),
        ];
      }),
    ]),
  );
  return csvLines(columns, rows, [...KEY_COLUMNS, ...candidates]);
}

function documentOf({ cases, count }: Cases, { database, layout }: Opened): object {
  const keys = layout.configuration.match.keys.map(({ name }) => name);
  const named = (values: readonly string[]) =>
    Object.fromEntries(keys.map((key, index) => [key, values[index]]));
  return {
    database: database.identity,
    count,
    cases: cases.map(({ values, candidates, ...each }) => ({
      ...each,
      keys: named(values),
      candidates: candidates.map(({ person, name, values: own }) => ({ person, name, keys: named(own) })),
    })),
  };
}

async function tellWritten(terminal: Terminal, flags: ReviewFlags, { cases, count }: Cases): Promise<void> {
  const { output } = flags;
  if (flags.json && output !== undefined) {
    await write(terminal.stdout, `${JSON.stringify({ file: output, cases: cases.length, count })}\n`);
    return;
  }
  if (flags.quiet || output === undefined) return;
  const left = count - cases.length;
  const brush = brushFor(lookOf(terminal.stderr, terminal, flags));
  await write(
    terminal.stderr,
    [
      `${brush.strong(countOf(cases.length, 'operator'))} to decide about, in ${output}.`,
      ...(left > 0 ? [`${formatCount(left)} more come after these are decided.`] : []),
      'Fill in the columns decision, person and who; lines may be left empty. Then:',
      `  onecard review --check ${output}`,
      `  onecard migrate --dry-run --decisions ${output}`,
      '',
    ].join('\n'),
  );
}

function checkFile(
  terminal: Terminal,
  flags: ReviewFlags,
  request: Request,
  file: FilledFile,
): Promise<ExitCode> {
  return withDatabase(terminal, request, 'read', async ({ database, layout }) => {
    await requirePrivileges('review', database, layout);
    const check = await database.snapshot((session) => checkDecisions(session, database, layout, file));
    const { problems, counts, open, known } = check;
    const { path, digest } = file;
    if (flags.json) {
      const document = { database: database.identity, file: path, digest, counts, open, known, problems };
      await write(terminal.stdout, `${JSON.stringify(document)}\n`);
    } else {
      const brush = brushFor(lookOf(terminal.stdout, terminal, flags));
      const lines = [
        ...problems.map((problem) => brush.warning(printable(problemText(problem)))),
        ...(problems.length > 0 ? [''] : []),
        `${path}: ${inWords(check)}.`,
        problems.length === 0
          ? brush.good('No problem.')
          : brush.bad(problems.length === 1 ? '1 problem.' : `${formatCount(problems.length)} problems.`),
      ];
      await write(terminal.stdout, `${lines.join('\n')}\n`);
    }
    return problems.length === 0 ? ExitCode.Done : ExitCode.Usage;
  });
}

/** `3 link, 1 skip, 12 left open` */
function inWords({ counts, open, known }: DecisionsCheck): string {
  const words = DECISION_WORDS.filter((word) => counts[word] > 0).map(
    (word) => `${formatCount(counts[word])} ${word}`,
  );
  return [
    ...(words.length === 0 ? ['no decision'] : words),
    ...(known > 0 ? [`${formatCount(known)} of them taken before`] : []),
    ...(open > 0 ? [`${formatCount(open)} left open`] : []),
  ].join(', ');
}
