import { XmlDocument, type XmlElement, XsdValidator } from 'libxml2-wasm';
import { describe, expect, it } from 'vitest';
import type { Rehearsal } from '../../../src/model/rehearsal.js';
import { renderJunit } from '../../../src/output/junit.js';
import { HOSTILE, LONG } from '../../support/hostile.js';
import { ACTING } from '../../support/hostile-report.js';
import { changedBaseline, rehearsed, stepResult } from './rehearsed.js';

/** As much of Surefire's format as we write, with what the plugins of Jenkins require of it. */
const SCHEMA = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:simpleType name="seconds">
    <xs:restriction base="xs:string"><xs:pattern value="[0-9]+\\.[0-9]{3}"/></xs:restriction>
  </xs:simpleType>
  <xs:simpleType name="filled">
    <xs:restriction base="xs:string"><xs:minLength value="1"/></xs:restriction>
  </xs:simpleType>
  <xs:attributeGroup name="counts">
    <xs:attribute name="name" type="filled" use="required"/>
    <xs:attribute name="tests" type="xs:nonNegativeInteger" use="required"/>
    <xs:attribute name="failures" type="xs:nonNegativeInteger" use="required"/>
    <xs:attribute name="errors" type="xs:nonNegativeInteger" use="required"/>
    <xs:attribute name="time" type="seconds" use="required"/>
  </xs:attributeGroup>
  <xs:complexType name="words" mixed="true">
    <xs:attribute name="message" type="xs:string"/>
    <xs:attribute name="type" type="xs:string"/>
  </xs:complexType>
  <xs:complexType name="testcase">
    <xs:choice>
      <xs:element name="skipped" type="words"/>
      <xs:element name="failure" type="words"/>
      <xs:element name="system-out" type="xs:string"/>
    </xs:choice>
    <xs:attribute name="name" type="filled" use="required"/>
    <xs:attribute name="classname" type="filled" use="required"/>
    <xs:attribute name="time" type="seconds" use="required"/>
  </xs:complexType>
  <xs:complexType name="property">
    <xs:attribute name="name" type="filled" use="required"/>
    <xs:attribute name="value" type="xs:string" use="required"/>
  </xs:complexType>
  <xs:complexType name="testsuite">
    <xs:sequence>
      <xs:element name="properties">
        <xs:complexType><xs:sequence>
          <xs:element name="property" type="property" minOccurs="0" maxOccurs="unbounded"/>
        </xs:sequence></xs:complexType>
      </xs:element>
      <xs:element name="testcase" type="testcase" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence>
    <xs:attributeGroup ref="counts"/>
    <xs:attribute name="skipped" type="xs:nonNegativeInteger" use="required"/>
    <xs:attribute name="timestamp" type="xs:dateTime" use="required"/>
  </xs:complexType>
  <xs:element name="testsuites">
    <xs:complexType>
      <xs:sequence><xs:element name="testsuite" type="testsuite"/></xs:sequence>
      <xs:attributeGroup ref="counts"/>
    </xs:complexType>
  </xs:element>
</xs:schema>`;

interface Read {
  attribute(xpath: string, name: string): string | undefined;
  text(xpath: string): string | undefined;
  count(xpath: string): number;
}

/** Parses the file as GitLab does, with libxml2, and holds it against the schema. */
function reading<T>(rehearsal: Rehearsal, look: (read: Read) => T): T {
  using document = XmlDocument.fromString(renderJunit(rehearsal));
  using schema = XmlDocument.fromString(SCHEMA);
  using validator = XsdValidator.fromDoc(schema);
  validator.validate(document);
  const element = (xpath: string) => document.get(xpath) as XmlElement | null;
  return look({
    attribute: (xpath, name) => element(xpath)?.attrs.find((attr) => attr.name === name)?.value,
    text: (xpath) => element(xpath)?.content,
    count: (xpath) => document.find(xpath).length,
  });
}

const caseOf = (name: string) => `//testcase[@name="${name}"]`;

describe('the JUnit file of a rehearsal', () => {
  const rehearsal = rehearsed({
    results: [
      stepResult('rollback', {
        outcome: 'failed',
        message: '3 cards stayed',
        details: ['card a: referenced', 'card b: edited'],
        remedy: 'Look at the trigger.',
      }),
      stepResult('as-before', { outcome: 'skipped', message: 'the rollback failed', milliseconds: 0 }),
    ],
    measures: { longestTransactionMs: 251.6, journalBytes: 123_456 },
  });

  it('has a test case for each step, with its time in seconds and a class that names the database', () => {
    reading(rehearsal, ({ attribute, count }) => {
      expect(count('//testcase')).toBe(rehearsal.steps.length);
      expect(attribute(caseOf('dry run'), 'time')).toBe('1.234');
      expect(attribute(caseOf('dry run'), 'classname')).toBe('onecard.rehearse.PostgreSQL');
    });
  });

  it('counts tests, failures and skipped steps, in the suite and above it', () => {
    reading(rehearsal, ({ attribute }) => {
      const counted = ['tests', 'failures', 'errors'].map((name) => attribute('//testsuite', name));
      expect(counted).toEqual([String(rehearsal.steps.length), '1', '0']);
      expect(attribute('//testsuite', 'skipped')).toBe('1');
      expect(attribute('/testsuites', 'failures')).toBe('1');
      expect(attribute('//testsuite', 'time')).toBe('42.000');
      expect(attribute('//testsuite', 'timestamp')).toBe('2026-11-23T02:15:07');
    });
  });

  it('gives a failure its message, and all details and the remedy as its body', () => {
    reading(rehearsal, ({ attribute, text }) => {
      expect(attribute(`${caseOf('rollback')}/failure`, 'message')).toBe('3 cards stayed');
      expect(text(`${caseOf('rollback')}/failure`)).toBe(
        '3 cards stayed\ncard a: referenced\ncard b: edited\n→ Look at the trigger.',
      );
    });
  });

  it('says why a step was skipped, and what was seen in one that passed', () => {
    reading(rehearsal, ({ attribute, text }) => {
      expect(attribute(`${caseOf('the data is as before')}/skipped`, 'message')).toBe('the rollback failed');
      expect(text(`${caseOf('dry run')}/system-out`)).toBe('as it should be');
    });
  });

  it('has what was measured and decided as properties, and leaves out what is unknown', () => {
    reading(rehearsal, ({ attribute, count }) => {
      const property = (name: string) => attribute(`//property[@name="${name}"]`, 'value');
      expect(property('longestTransactionMs')).toBe('252');
      expect(property('journalBytes')).toBe('123456');
      expect(property('operators.create.no-candidate')).toBe('210');
      expect(property('operators.linked.possible-duplicate')).toBe('3');
      expect(count('//property[@name="logBytes"]')).toBe(0);
    });
  });

  it('lists the decisions that changed in the failure of the baseline', () => {
    const failed = stepResult('baseline', { outcome: 'failed', message: '3 decisions changed' });
    reading(rehearsed({ results: [failed], baseline: changedBaseline }), ({ text }) => {
      const body = text(`${caseOf('decisions as in the baseline')}/failure`)?.split('\n');
      expect(body).toContain(
        'operator-3f9a2c7d1b04e5a6: create (no-candidate) → match (match), link to person-00112233445566aa',
      );
      expect(body).toContain('operator 4711: not there → review (taken), person 12');
      expect(body).toContain('… and 1 more');
      expect(body?.join()).toContain('onMatch was review and is link');
    });
  });

  it('is of no database where none was reached', () => {
    reading(rehearsed({ database: null }), ({ attribute }) => {
      expect(attribute('//testcase', 'classname')).toBe('onecard.rehearse');
    });
  });

  it.each([...HOSTILE, LONG, ']]>', 'a\ufffeb'])('stays whole and says %j', (value) => {
    const hostile = rehearsed({
      snapshot: value,
      database: { kind: value, version: value },
      results: [
        stepResult('load', { message: value }),
        stepResult('rollback', { outcome: 'failed', message: value, details: [value], remedy: value }),
        stepResult('as-before', { outcome: 'skipped', message: value }),
      ],
    });
    reading(hostile, ({ attribute, text, count }) => {
      const said = attribute(`${caseOf('rollback')}/failure`, 'message') ?? '';
      expect(count('//testcase')).toBe(hostile.steps.length);
      expect(said).not.toMatch(ACTING);
      if (!/[\p{Cc}\p{Cs}\ufffe\uffff\u202a-\u202e\u2066-\u2069]/u.test(value)) {
        expect(said).toBe(value);
        expect(text(`${caseOf('load the snapshot')}/system-out`)).toBe(value);
      }
    });
  });
});
