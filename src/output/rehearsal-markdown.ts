import { REHEARSAL_STEPS, type Rehearsal, type StepResult } from '../model/rehearsal.js';
import { inMarkdown, lineInMarkdown } from './markdown-text.js';
import {
  comparisonInWords,
  decisionInWords,
  MARKS,
  meaningOf,
  measured,
  reasonOf,
  surroundingsInWords,
  verdictOf,
} from './rehearsal-words.js';
import { formatTimeTaken } from './terminal/amounts.js';

/** A rehearsal for the summary of a pipeline, in the Markdown of GitHub and GitLab; nothing in it acts as such. */
export function renderRehearsalMarkdown(rehearsal: Rehearsal): string {
  const { passed, snapshot, database, startedAt, steps } = rehearsal;
  return [
    `## ${MARKS[passed ? 'passed' : 'failed']} onecard rehearse ${passed ? 'passed' : 'failed'}`,
    '',
    sentence(verdictOf(rehearsal)),
    '',
    `- Snapshot: ${inMarkdown(snapshot)}`,
    ...(database === null ? [] : [`- Database: ${inMarkdown(`${database.kind} ${database.version}`)}`]),
    `- Started: ${inMarkdown(startedAt)}`,
    '',
    ...failureLines(steps),
    '### Steps',
    '',
    '| | step | time | |',
    '| --- | --- | ---: | --- |',
    ...steps.map(
      ({ step, outcome, milliseconds, message }) =>
        `| ${MARKS[outcome]} | ${REHEARSAL_STEPS[step]} | ${outcome === 'skipped' ? '' : formatTimeTaken(milliseconds)} | ${inMarkdown(message)} |`,
    ),
    '',
    ...baselineLines(rehearsal),
    ...decisionLines(rehearsal),
    ...measureLines(rehearsal),
  ].join('\n');
}

function failureLines(steps: readonly StepResult[]): string[] {
  const failed = steps.filter(({ outcome }) => outcome === 'failed');
  return failed.flatMap(({ step, message, details, remedy }) => [
    `### ${MARKS.failed} ${REHEARSAL_STEPS[step]}`,
    '',
    lineInMarkdown(message),
    '',
    ...(details.length === 0 ? [] : [...details.map((detail) => `- ${lineInMarkdown(detail)}`), '']),
    ...(remedy === undefined ? [] : [`→ ${inMarkdown(remedy)}`, '']),
  ]);
}

function baselineLines({ baseline }: Rehearsal): string[] {
  if (baseline === null) return [];
  const { changed, changes } = baseline;
  return [
    '### Baseline',
    '',
    `${inMarkdown(comparisonInWords(baseline))}.`,
    ...surroundingsInWords(baseline).map(inMarkdown),
    '',
    ...(changes.length === 0
      ? []
      : [
          '| operator | in the baseline | now |',
          '| --- | --- | --- |',
          ...changes.map(
            ({ operator, before, after }) =>
              `| ${inMarkdown(operator)} | ${inMarkdown(decisionInWords(before))} | ${inMarkdown(decisionInWords(after))} |`,
          ),
          '',
        ]),
    ...(changed > changes.length ? [`… and ${changed - changes.length} more`, ''] : []),
  ];
}

function decisionLines({ decisions }: Rehearsal): string[] {
  if (decisions.length === 0) return [];
  return [
    '### Decisions',
    '',
    '| decision | reason | meaning | operators |',
    '| --- | --- | --- | ---: |',
    ...decisions.map(
      (tally) => `| ${tally.decision} | ${reasonOf(tally)} | ${meaningOf(tally)} | ${tally.operators} |`,
    ),
    '',
  ];
}

function measureLines({ measures }: Rehearsal): string[] {
  const rows = measured(measures);
  if (rows.length === 0) return [];
  return [
    '### Measures',
    '',
    '| | |',
    '| --- | ---: |',
    ...rows.map(({ label, shown }) => `| ${label} | ${shown} |`),
    '',
  ];
}

const sentence = (words: string) => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
