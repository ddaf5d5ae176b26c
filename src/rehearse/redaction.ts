import { RAISED } from '../database/failure-kinds.js';
import type { BaselineDecision, ChangedDecision } from '../model/rehearsal.js';
import type { Redactor } from '../redactor.js';

const HIDDEN = '…';

/**
 * What a server or onecard has said, without the values that it quotes: names of the database stay, whatever else
 * stands in quotes or parentheses, e-mail addresses and uuids do not. A value may hold quotes itself: where it is
 * unclear how far one goes, more is hidden rather than less. Nothing stays of what a trigger says in words of its own.
 * @param text one message, whole: a value may go on over line breaks.
 * @param names as `Database.identifiers` gives them.
 */
export function withoutValues(text: string, names: ReadonlySet<string>): string {
  const raised = text.indexOf(RAISED);
  if (raised >= 0) return `${withoutValues(text.slice(0, raised), names)}${RAISED}${HIDDEN}`;
  return withoutKeys(withoutShapes(text, names));
}

/**
 * Sentences of the servers that say what comes after a value, which hence goes to the last such words. Where they
 * are missing, somebody has cut the text short: then it goes to the end.
 */
const SHAPES: readonly (readonly [begins: RegExp, ends: RegExp])[] = [
  // PostgreSQL: Key (email)=(ann@example.org) already exists. Before `=` there may be an expression.
  [
    /key \((?:[^()']|\((?:[^()']|\([^()']*\))*\))*\)=\(/i,
    /\)(?= (?:already exists|is not present|is still referenced|is duplicated|conflicts with)|\.?\s*$)/,
  ],
  [/Failing row contains \(/, /\)(?=\.?\s*$|\.(?:\n|\\n))/],
  // MariaDB and MySQL: Duplicate entry 'ann@example.org' for key 'email'
  [/Duplicate entry '/, /'(?= for key )/],
];

function withoutShapes(text: string, names: ReadonlySet<string>): string {
  const found = SHAPES.map(([begins, ends]) => ({ match: begins.exec(text), ends }))
    .filter(({ match }) => match !== null)
    .sort((a, b) => (a.match?.index ?? 0) - (b.match?.index ?? 0))[0];
  if (!found?.match) return withoutQuoted(text, names);
  const start = found.match.index + found.match[0].length;
  const end = lastIndexOf(found.ends, text, start);
  const before = withoutQuoted(text.slice(0, found.match.index), names);
  const opening = text.slice(found.match.index, start);
  if (end === undefined) return `${before}${opening}${HIDDEN}`;
  // The quote or parenthesis that ends it stands there: nothing may take it for one that begins something.
  return `${before}${opening}${HIDDEN}${text.charAt(end)}${withoutShapes(text.slice(end + 1), names)}`;
}

function lastIndexOf(pattern: RegExp, text: string, from: number): number | undefined {
  return [...text.slice(from).matchAll(new RegExp(pattern, 'g'))].map(({ index }) => from + index).at(-1);
}

/** Quotes and parentheses, in their order; an apostrophe within a word is none. */
const OPENING = /["`(]|(?<![\p{L}\p{N}])'/gu;

function withoutQuoted(text: string, names: ReadonlySet<string>): string {
  let shown = '';
  let from = 0;
  for (;;) {
    OPENING.lastIndex = from;
    const start = OPENING.exec(text)?.index;
    if (start === undefined) return shown + text.slice(from);
    const opening = text.charAt(start);
    const end = endOf(text, start, names) ?? text.length;
    const content = text.slice(start + 1, end);
    shown += `${text.slice(from, start + 1)}${isHarmless(content, opening, names) ? content : HIDDEN}${text.charAt(end)}`;
    from = end + 1;
  }
}

/** Where what opens here closes; undefined where it never does. */
function endOf(text: string, start: number, names: ReadonlySet<string>): number | undefined {
  const opening = text.charAt(start);
  if (opening === '(') {
    const harmless = balancedEnd(text, start);
    if (harmless !== undefined && isHarmless(text.slice(start + 1, harmless), '(', names)) return harmless;
  }
  const places = closingPlaces(text, start + 1, opening);
  // A value may hold what closes it. It ends where only words of the servers follow up to the next one.
  return places.find((place, index) => {
    const next = places[index + 1];
    return next === undefined || isGlue(text.slice(place + 1, next), opening, names);
  });
}

function closingPlaces(text: string, from: number, opening: string): number[] {
  const closing =
    opening === '('
      ? /\)/g
      : opening === "'"
        ? /'(?![\p{L}\p{N}])|(?<![\p{L}\p{N}])'/gu
        : new RegExp(opening, 'g');
  return [...text.slice(from).matchAll(closing)].map(({ index }) => from + index);
}

function balancedEnd(text: string, start: number): number | undefined {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if (text[at] === '(') depth++;
    if (text[at] === ')') depth--;
    if (depth === 0) return at;
  }
  return undefined;
}

function isHarmless(content: string, opening: string, names: ReadonlySet<string>): boolean {
  if (content === '') return true;
  if (names.has(content) || content.split('.').every((part) => names.has(part))) return true;
  if (opening !== '(') return false;
  // The length of a type, a number of rows, or how the servers describe a constraint.
  if (/^\d{1,5}(?:,\s?\d{1,5})?$|^[\d,]+ rows?$/.test(content)) return true;
  const words = content.replace(/"([^"]*)"|`([^`]*)`/g, (whole, a, b) => (names.has(a ?? b) ? ' ' : whole));
  return words.split(/[\s,.()]+/).every((word) => word === '' || names.has(word) || SQL_WORDS.has(word));
}

const SQL_WORDS = new Set(
  'CONSTRAINT FOREIGN KEY REFERENCES ON DELETE UPDATE CASCADE SET NULL DEFAULT RESTRICT NO ACTION id int'.split(
    ' ',
  ),
);

/**
 * Between two quoted words of one message there are words of the servers and names, and no others; blanks or a point
 * part them from the quotes.
 */
function isGlue(text: string, opening: string, names: ReadonlySet<string>): boolean {
  const isApart =
    opening === '(' ? /^[^\p{L}\p{N}]/u.test(text) : /^[^\p{L}\p{N}](?:.*[^\p{L}\p{N}])?$/su.test(text);
  const words = text.match(/[\p{L}\p{N}_]+/gu) ?? [];
  return isApart && words.every((word) => GLUE.has(word.toLowerCase()) || names.has(word));
}

const GLUE = new Set(
  `a an and any as at be but by can cannot child column columns constraint constraints contains could database default
  delete denied detail do does doesn entry error exclusion exist exists failed fails field for foreign found from
  function has have holds host in index insert into is it its key keys line list missing must no not null of on only or
  out parent permission primary privilege range referenced references relation row rows schema sequence server set
  still table tables than that the there this to too trigger type unique unknown update updated user value values view
  violates was where with yet`.split(/\s+/),
);

const ADDRESS = /[^\s"'`()<>,;:]+@[^\s"'`()<>,;:]+/g;
const UUID = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi;

/** As onecard names people: `operator 202`. */
const KEY = /\b(operator|person|card) (?=\S*\d)[^\s:,;]+/g;

const withoutKeys = (text: string) =>
  text.replace(ADDRESS, HIDDEN).replace(UUID, HIDDEN).replace(KEY, `$1 ${HIDDEN}`);

/** The same with pseudonyms in place of keys. */
export function redactedChange(change: ChangedDecision, redactor: Redactor): ChangedDecision {
  const redacted = (decision: BaselineDecision | null) =>
    decision && {
      ...decision,
      person: decision.person === null ? null : redactor.pseudonym('person', decision.person),
    };
  return {
    operator: redactor.pseudonym('operator', change.operator),
    before: redacted(change.before),
    after: redacted(change.after),
  };
}
