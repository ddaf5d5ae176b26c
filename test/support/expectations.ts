import { readFileSync } from 'node:fs';

/** A line of an `expected.csv`, written by hand. */
export interface Expectation {
  readonly operator: string;
  readonly decision: string;
  readonly reason: string;
  readonly person: string | null;
  readonly finding: string | null;
}

/** The expectations of a fixture, in the order of the operators' keys; `why` is for people. */
export function readExpectations(fixture: string): (Expectation & { readonly why: string })[] {
  const file = new URL(`../../fixtures/${encodeURIComponent(fixture)}/expected.csv`, import.meta.url);
  const [, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const [operator = '', decision = '', reason = '', person = '', finding = '', why = ''] = fieldsOf(line);
    return { operator, decision, reason, person: person || null, finding: finding || null, why };
  });
}

/** Keys and explanations may hold commas and quotes. */
function fieldsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(
    ([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain,
  );
}
