import { readdirSync, readFileSync } from 'node:fs';
import { Ajv, type ErrorObject } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfiguration } from '../../src/config/load.js';

/** What the package holds, as it was built. */
const schema = JSON.parse(readFileSync(new URL('../../dist/onecard.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv({ strict: false, allErrors: true }).compile(schema);

function problemsOf(configuration: unknown): string[] {
  validate(configuration);
  return (validate.errors ?? []).map(
    ({ instancePath, message }: ErrorObject) => `${instancePath} ${message}`,
  );
}

const fixtures = new URL('../../fixtures/', import.meta.url);
const files = readdirSync(fixtures)
  .map((folder) => new URL(`${encodeURIComponent(folder)}/onecard.yaml`, fixtures))
  .filter((file) => readdirSync(new URL('.', file)).includes('onecard.yaml'));

describe('the JSON Schema of the configuration', () => {
  it.each(files)('takes what onecard takes: %s', (file) => {
    loadConfiguration(decodeURIComponent(file.pathname));
    expect(problemsOf(parse(readFileSync(file, 'utf8')))).toEqual([]);
  });

  it('takes the configuration that the README shows in full', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const [, yaml = ''] = /```yaml\n(preset: sample\n.*?)```/s.exec(readme) ?? [];
    expect(problemsOf(parse(yaml))).toEqual([]);
  });

  it('takes a preset and little more', () => {
    expect(problemsOf({ preset: 'sample', operators: { table: 'agent' } })).toEqual([]);
  });

  it.each([
    [{ colour: 'red' }, ' must NOT have additional properties'],
    [{ operators: { nme: ['a'] } }, '/operators must NOT have additional properties'],
    [{ operators: { rows: { column: 'kind' } } }, '/operators/rows must match a schema in anyOf'],
    [
      { match: { keys: { mail: { operator: 'mail' } } } },
      "/match/keys/mail must have required property 'person'",
    ],
    [
      { operators: { lastLogin: { column: 'at', table: 'login' } } },
      "/operators/lastLogin must have required property 'on'",
    ],
    [{ policies: { onMatch: 'maybe' } }, '/policies/onMatch must be equal to one of the allowed values'],
  ])('refuses what onecard refuses: %j', (configuration, problem) => {
    expect(problemsOf(configuration)).toContain(problem);
  });
});
