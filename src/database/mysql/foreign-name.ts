import { NAME, plainName } from './masked.js';

/** What makes statements of texts. */
const DYNAMIC = /\b(?:PREPARE|EXECUTE\s+IMMEDIATE)\b/i;

const words = (text: string) => new Set(text.split(' '));
/** Behind these, a name with a point is that of a table or a routine, never a column. */
const BEFORE_TABLES = words(
  'FROM JOIN STRAIGHT_JOIN INTO INSERT REPLACE UPDATE DELETE TRUNCATE TABLE TABLES EXISTS REFERENCES CALL ' +
    'VIEW TRIGGER FUNCTION PROCEDURE SEQUENCE IGNORE QUICK DELAYED LOW_PRIORITY HIGH_PRIORITY',
);
/** Among the words of a statement, those that begin a list of tables, or go on with one. */
const LIST_TABLES = words('FROM JOIN STRAIGHT_JOIN ON USING UPDATE DELETE TABLE TABLES');
/** Those that begin a list of something else. */
const LIST_OTHERS = words('SELECT DISTINCT SET WHERE BY HAVING VALUES VALUE DO RETURN INTO CALL LIMIT');
/** They stand for the row at hand, whatever databases there are. */
const ROWS = ['new', 'old'];

/** Signs of a statement, without strings, comments and white space. */
interface Sign {
  readonly text: string;
  readonly isName: boolean;
  readonly at: number;
}

/**
 * Where a statement names something in one of these databases: `name` of it, `at` which character. In what a
 * statement creates, an alias or a table may bear the name of a database, and a column of it looks the same as a
 * table there: where the name also stands alone, it is taken for an alias, apart from where no column can stand.
 * What is made of texts at run time is searched in these texts.
 *
 * @param code the statement as `masked` gives it.
 * @param databases in lower case.
 */
export function foreignName(
  statement: string,
  code: string,
  databases: ReadonlySet<string>,
): { readonly name: string; readonly at: number } | undefined {
  const signs = signsOf(DYNAMIC.test(code) ? statement : code);
  const mayHaveAliases = signs.some(({ text }) => /^CREATE$/i.test(text));
  const isPoint = (at: number) => signs[at]?.text === '.' && signs[at]?.isName === false;
  const alone = new Set(
    signs
      .filter(({ isName }, at) => isName && !isPoint(at - 1) && !isPoint(at + 1))
      .map(({ text }) => text.toLowerCase()),
  );
  const found = signs.find(({ text, isName }, at) => {
    const name = text.toLowerCase();
    const isOutside = isName && databases.has(name) && isPoint(at + 1) && !isPoint(at - 1);
    if (!isOutside || !signs[at + 2]?.isName || ROWS.includes(name)) return false;
    const isTable =
      isBeforeTable(signs[at - 1]) ||
      isInListOfTables(signs, at) ||
      signs[at + 3]?.text === '(' ||
      isPoint(at + 3);
    return isTable || !mayHaveAliases || !alone.has(name);
  });
  return found && { name: found.text, at: found.at };
}

const isBeforeTable = (sign: Sign | undefined) => BEFORE_TABLES.has(sign?.text.toUpperCase() ?? '');

/** As in `FROM a, shop.customer` and in `FROM (a, shop.customer)`: what begins the list that a comma is in. */
function isInListOfTables(signs: readonly Sign[], at: number): boolean {
  if (signs[at - 1]?.text !== ',') return false;
  let closed = 0;
  for (let before = at - 2; before >= 0; before--) {
    const word = signs[before]?.text.toUpperCase() ?? '';
    if (word === ')') closed++;
    else if (word === '(' && closed > 0) closed--;
    else if (word === '(') return isBeforeTable(signs[before - 1]);
    else if (closed === 0 && LIST_TABLES.has(word)) return true;
    else if (closed === 0 && LIST_OTHERS.has(word)) return false;
  }
  return false;
}

/** Variables begin with @, and those of the server are qualified, too: they are no names here. */
function signsOf(code: string): Sign[] {
  const signs = new RegExp(String.raw`(?<variable>@+${NAME})|(?<name>${NAME})|\S`, 'gu');
  return [...code.matchAll(signs)].map(({ 0: sign, index, groups }) => {
    const name = groups?.['name'];
    return { text: name === undefined ? sign : plainName(name), isName: name !== undefined, at: index };
  });
}
