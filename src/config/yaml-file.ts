import { readFileSync } from 'node:fs';
import { type Document, isMap, isSeq, LineCounter, parseDocument, visit, type YAMLError } from 'yaml';
import { OnecardError } from '../errors.js';
import type { Source } from './problems.js';
import type { Tree } from './tree.js';

/**
 * The options in a file, and where each of them is.
 * @throws OnecardError where it cannot be read, is no YAML, or holds no options.
 */
export function readYaml(file: string): { tree: Tree; source: Source } {
  const text = readText(file);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [error] = document.errors;
  if (error) throw noYaml(file, yamlProblem(error, document, lines));
  if (!isMap(document.contents)) {
    throw new OnecardError(
      document.contents === null
        ? `${file} is empty.`
        : `${file} holds ${isSeq(document.contents) ? 'a list' : 'a plain text'}, not options with values.`,
      {
        remedy: 'Write `preset: sample` for a start; "Configuration" in the README shows every option.',
      },
    );
  }
  try {
    return { tree: document.toJS() as Tree, source: { file, document, lines } };
  } catch (cause) {
    const alias = danglingAlias(document);
    if (alias !== undefined)
      throw noYaml(
        file,
        `line ${lines.linePos(alias.offset).line} refers to *${alias.name}, and no &${alias.name} is before it`,
      );
    // Far too many aliases.
    throw noYaml(file, cause instanceof Error ? cause.message : String(cause));
  }
}

const noYaml = (file: string, why: string) =>
  new OnecardError(`${file} is not valid YAML: ${why}.`, {
    remedy: 'Correct that place: YAML indents with blanks, never tabs, and closes each quote and bracket.',
  });

function yamlProblem(error: YAMLError, document: Document, lines: LineCounter): string {
  const line = (offset: number) => lines.linePos(offset).line;
  const [at] = error.pos;
  if (error.code === 'MULTIPLE_DOCS') return `line ${line(at)} begins a second document`;
  if (error.code === 'TAB_AS_INDENT') return `line ${line(at)} is indented with a tab`;
  if (/^Missing closing ["']/.test(error.message)) {
    // The parser names the end of the file; the reader looks for where the quote was opened.
    return `a quote that is opened in line ${line(openedBefore(at, document))} is never closed`;
  }
  const [message = ''] = error.message.split('\n');
  return message.replace(/ at line (\d+), column (\d+):?$/, ' (line $1, column $2)');
}

function danglingAlias(document: Document): { name: string; offset: number } | undefined {
  let found: { name: string; offset: number } | undefined;
  visit(document, {
    Alias(_, node) {
      if (node.resolve(document) !== undefined) return undefined;
      found = { name: node.source, offset: node.range?.[0] ?? 0 };
      return visit.BREAK;
    },
  });
  return found;
}

/** Where the quoted text begins that goes on up to there. */
function openedBefore(end: number, document: Document): number {
  let start = end;
  visit(document, {
    Scalar(_, { type, range }) {
      if (type?.startsWith('QUOTE') && range && range[1] >= end) start = range[0];
    },
  });
  return start;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    throw new OnecardError(
      `The configuration file ${file} ${code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`}.`,
      {
        remedy: 'Check the path given with --config.',
        cause,
      },
    );
  }
}
