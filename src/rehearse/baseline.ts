import { OnecardError } from '../errors.js';
import type { Configuration } from '../model/configuration.js';
import { POLICIES, type PolicyName } from '../model/policies.js';
import type {
  BaselineComparison,
  BaselineDecision,
  ChangedDecision,
  ChangedPolicy,
} from '../model/rehearsal.js';
import { Redactor } from '../redactor.js';
import {
  type BaselineHeader,
  type BaselineLine,
  openBaseline,
  refuseOtherFile,
  unusable,
  writeBaselineFile,
} from './baseline-file.js';
import { redactedChange } from './redaction.js';
import { sortedLines } from './sorted-lines.js';

/** So many changes are listed; all are counted. */
const LISTED = 100;

interface Surroundings {
  readonly configuration: Pick<Configuration, 'digest' | 'policies'>;
  /** For `ONECARD_REDACT_KEY`. */
  readonly env: NodeJS.ProcessEnv;
  /** Of this user alone, for files in between. */
  readonly folder: string;
}

/**
 * Writes what a plan decides, for later rehearsals to be held against; a former baseline is replaced.
 * @param plan of which each operator is there once, in whatever order, with plain keys.
 * @param surroundings `isRedacted`: with pseudonyms in place of keys.
 * @returns how many operators it holds.
 * @throws OnecardError as `refuseNewBaseline` does, and where the file cannot be written.
 */
export async function writeBaseline(
  path: string,
  plan: AsyncIterable<BaselineLine>,
  { configuration, env, folder, isRedacted }: Surroundings & { readonly isRedacted: boolean },
): Promise<number> {
  const redactor = isRedacted ? keyedRedactor(env, noKeyToWriteWith) : null;
  const header: BaselineHeader = {
    keys: redactor === null ? 'plain' : 'pseudonyms',
    keyCheck: redactor?.keyCheck ?? null,
    configuration: configuration.digest,
    policies: configuration.policies,
  };
  return writeBaselineFile(path, header, sortedLines(named(plan, redactor), folder));
}

/**
 * What forbids a new baseline, before a rehearsal has taken its time.
 * @throws OnecardError where there is another file of that name, or no key for pseudonyms.
 */
export async function refuseNewBaseline(
  path: string,
  { env, isRedacted }: Pick<Surroundings, 'env'> & { readonly isRedacted: boolean },
): Promise<void> {
  if (isRedacted) keyedRedactor(env, noKeyToWriteWith);
  await refuseOtherFile(path);
}

/**
 * Holds a plan against a baseline, operator by operator. Another configuration is no error: it is said beside what
 * changed, since it may be why.
 * @param plan of which each operator is there once, in whatever order, with plain keys.
 * @param surroundings `redactor`: makes pseudonyms where the baseline has plain keys and nobody should see them; null
 *   where they may be seen. A baseline with pseudonyms gives just these.
 * @throws OnecardError as `refuseBaseline` does.
 */
export async function compareBaseline(
  path: string,
  plan: AsyncIterable<BaselineLine>,
  { configuration, env, folder, redactor }: Surroundings & { readonly redactor: Redactor | null },
): Promise<BaselineComparison> {
  const { header, lines } = await openBaseline(path);
  const pseudonyms = pseudonymsOf(path, header, env);
  const changes: ChangedDecision[] = [];
  let [same, changed] = [0, 0];
  for await (const change of sideBySide(lines(), sortedLines(named(plan, pseudonyms), folder))) {
    if (isSame(change)) {
      same++;
      continue;
    }
    changed++;
    if (changes.length < LISTED) changes.push(change);
  }
  const hides = redactor !== null && pseudonyms === null;
  return {
    file: path,
    same,
    changed,
    changes: hides ? changes.map((change) => redactedChange(change, redactor)).sort(byOperator) : changes,
    isOtherConfiguration: header.configuration !== configuration.digest,
    changedPolicies: changedPolicies(header, configuration),
  };
}

/**
 * What forbids a comparison, before a rehearsal has taken its time.
 * @throws OnecardError where the file cannot be read, is no baseline, of another format, or damaged, or its pseudonyms
 *   are made with another key.
 */
export async function refuseBaseline(path: string, { env }: Pick<Surroundings, 'env'>): Promise<void> {
  const { header, lines } = await openBaseline(path);
  pseudonymsOf(path, header, env);
  for await (const _ of lines()) {
    // Reading them all shows whether the file is whole.
  }
}

/** What makes the pseudonyms of this baseline; null where it has plain keys. */
function pseudonymsOf(path: string, header: BaselineHeader, env: NodeJS.ProcessEnv): Redactor | null {
  if (header.keys === 'plain') return null;
  const redactor = keyedRedactor(env, () =>
    unusable(
      path,
      'holds pseudonyms, and ONECARD_REDACT_KEY is not set',
      'Set ONECARD_REDACT_KEY to the secret that it was written with.',
    ),
  );
  if (redactor.keyCheck === header.keyCheck) return redactor;
  throw unusable(
    path,
    'was written with another ONECARD_REDACT_KEY: none of its pseudonyms can be found again',
    'Set ONECARD_REDACT_KEY to the secret that it was written with, or write it anew with --write-baseline.',
  );
}

/** With a key made at random, pseudonyms would be others in the next rehearsal. */
function keyedRedactor(env: NodeJS.ProcessEnv, noKey: () => OnecardError): Redactor {
  // A pipeline whose secret is missing sets it to nothing.
  if ((env['ONECARD_REDACT_KEY'] ?? '') === '') throw noKey();
  return Redactor.of(env);
}

const noKeyToWriteWith = () =>
  new OnecardError(
    'A baseline names operators by pseudonyms, and ONECARD_REDACT_KEY is not set: the next rehearsal could not make the same ones.',
    {
      remedy:
        'Set ONECARD_REDACT_KEY to a long random secret that every rehearsal gets, such as what `openssl rand -hex 32` prints; or write plain keys with --no-redact.',
    },
  );

async function* named(
  plan: AsyncIterable<BaselineLine>,
  redactor: Redactor | null,
): AsyncIterable<BaselineLine> {
  for await (const { operator, decision, reason, action, person } of plan) {
    yield redactor === null
      ? { operator, decision, reason, action, person }
      : {
          operator: redactor.pseudonym('operator', operator),
          decision,
          reason,
          action,
          person: person === null ? null : redactor.pseudonym('person', person),
        };
  }
}

/** Brings two lists in the order of a baseline together, each operator once. */
async function* sideBySide(
  before: AsyncIterable<BaselineLine>,
  after: AsyncIterable<BaselineLine>,
): AsyncIterable<ChangedDecision> {
  const left = before[Symbol.asyncIterator]();
  const right = after[Symbol.asyncIterator]();
  try {
    let was = await nextOf(left);
    let is = await nextOf(right);
    while (was !== undefined || is !== undefined) {
      const operator = firstOf(was?.operator, is?.operator);
      const [wasThere, isThere] = [was?.operator === operator, is?.operator === operator];
      yield {
        operator,
        before: wasThere ? decisionOf(was) : null,
        after: isThere ? decisionOf(is) : null,
      };
      if (wasThere) was = await nextOf(left);
      if (isThere) is = await nextOf(right);
    }
  } finally {
    // Where this ends early, files and sessions are still open.
    await left.return?.();
    await right.return?.();
  }
}

async function nextOf(lines: AsyncIterator<BaselineLine>): Promise<BaselineLine | undefined> {
  const { value, done } = await lines.next();
  return done ? undefined : value;
}

function firstOf(a: string | undefined, b: string | undefined): string {
  if (a === undefined || b === undefined) return a ?? b ?? '';
  return a < b ? a : b;
}

function decisionOf(line: BaselineLine | undefined): BaselineDecision | null {
  if (line === undefined) return null;
  const { decision, reason, action, person } = line;
  return { decision, reason, action, person };
}

const isSame = ({ before, after }: ChangedDecision) =>
  before !== null &&
  after !== null &&
  (['decision', 'reason', 'action', 'person'] as const).every((field) => before[field] === after[field]);

const byOperator = (a: ChangedDecision, b: ChangedDecision) => (a.operator < b.operator ? -1 : 1);

function changedPolicies(
  header: BaselineHeader,
  { policies }: Pick<Configuration, 'policies'>,
): ChangedPolicy[] {
  return (Object.keys(POLICIES) as PolicyName[])
    .map((policy) => ({ policy, before: header.policies[policy] ?? null, after: policies[policy] }))
    .filter(({ before, after }) => before !== after);
}
