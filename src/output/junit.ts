import { REHEARSAL_STEPS, type Rehearsal, type StepResult } from '../model/rehearsal.js';
import { withoutActing } from './acting.js';
import {
  called,
  comparisonInWords,
  countBy,
  decisionInWords,
  measured,
  reasonOf,
  surroundingsInWords,
} from './rehearsal-words.js';

/**
 * A rehearsal as JUnit XML, as Surefire writes it and Jenkins, GitLab and the reporters of GitHub read it: one suite,
 * a test case per step, with times in seconds; what was measured and decided as properties of the suite.
 */
export function renderJunit(rehearsal: Rehearsal): string {
  const { steps, milliseconds, startedAt } = rehearsal;
  const counts = {
    tests: steps.length,
    failures: countBy(steps, 'failed'),
    errors: 0,
    time: inSeconds(milliseconds),
  };
  const suite = {
    name: `onecard rehearse: ${rehearsal.snapshot}`,
    ...counts,
    skipped: countBy(steps, 'skipped'),
    // Without a zone and without fractions, as their readers expect it; it is UTC.
    timestamp: startedAt.slice(0, 'YYYY-MM-DDTHH:MM:SS'.length),
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: 'onecard rehearse', ...counts })}>`,
    `  <testsuite${attributes(suite)}>`,
    '    <properties>',
    ...propertiesOf(rehearsal).map(
      ([name, value]) => `      <property${attributes({ name, value: String(value) })}/>`,
    ),
    '    </properties>',
    ...steps.flatMap((step) => testCase(step, rehearsal)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function propertiesOf(rehearsal: Rehearsal): (readonly [string, string | number])[] {
  const { database, decisions, measures, baseline } = rehearsal;
  return [
    ['onecard', rehearsal.onecard],
    ['snapshot', rehearsal.snapshot],
    ...(database === null ? [] : [['database', `${database.kind} ${database.version}`] as const]),
    ...measured(measures).map(({ name, amount }) => [name, amount] as const),
    ...decisions.map((tally) => [`operators.${tally.decision}.${reasonOf(tally)}`, tally.operators] as const),
    ...(baseline === null ? [] : [['changedDecisions', baseline.changed] as const]),
  ];
}

function testCase(result: StepResult, rehearsal: Rehearsal): string[] {
  const opening = `    <testcase${attributes({
    classname: classNameOf(rehearsal),
    name: REHEARSAL_STEPS[result.step],
    time: inSeconds(result.milliseconds),
  })}`;
  return [`${opening}>`, `      ${outcomeOf(result, rehearsal)}`, '    </testcase>'];
}

function outcomeOf(result: StepResult, rehearsal: Rehearsal): string {
  const { outcome, message } = result;
  if (outcome === 'skipped') return `<skipped${attributes({ message })}/>`;
  const lines = [message, ...detailsOf(result, rehearsal)];
  if (outcome === 'passed') return `<system-out>${inXml(lines)}</system-out>`;
  return `<failure${attributes({ message, type: result.step })}>${inXml(lines)}</failure>`;
}

function detailsOf({ step, details, remedy }: StepResult, { baseline }: Rehearsal): string[] {
  return [
    ...details,
    ...(step === 'baseline' && baseline !== null
      ? [
          `${comparisonInWords(baseline)}.`,
          ...surroundingsInWords(baseline),
          ...baseline.changes.map(
            ({ operator, before, after }) =>
              `${called('operator', operator)}: ${decisionInWords(before)} → ${decisionInWords(after)}`,
          ),
          ...(baseline.changed > baseline.changes.length
            ? [`… and ${baseline.changed - baseline.changes.length} more`]
            : []),
        ]
      : []),
    ...(remedy === undefined ? [] : [`→ ${remedy}`]),
  ];
}

/** Readers tell test cases of several files apart by class and name: a pipeline may rehearse on more than one server. */
function classNameOf({ database }: Rehearsal): string {
  return database === null ? 'onecard.rehearse' : `onecard.rehearse.${database.kind.replace(/\W+/g, '-')}`;
}

const inSeconds = (milliseconds: number) => (milliseconds / 1000).toFixed(3);

const attributes = (values: Readonly<Record<string, string | number>>) =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join('');

const inXml = (lines: readonly string[]) => lines.map(escaped).join('\n');

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** XML allows no control characters, no lone surrogates and no U+FFFE, U+FFFF, not even escaped. */
const escaped = (text: string) =>
  withoutActing(text)
    .replace(/[\ufffe\uffff]/g, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`)
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
