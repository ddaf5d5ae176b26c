/** Signs of code, without white space. */
interface Sign {
  readonly text: string;
  readonly isName: boolean;
  readonly at: number;
}

const SIGNS =
  /`(?<quoted>(?:[^`]|``)*)`|"(?<doubled>(?:[^"]|"")*)"|(?<bare>[\w$\x80-\xff]+)|(?<other>[^\s\0])/gs;

function signsOf(code: string): Sign[] {
  return [...code.matchAll(SIGNS)].flatMap(({ groups, index }) => {
    const name =
      groups?.['quoted']?.replaceAll('``', '`') ??
      groups?.['doubled']?.replaceAll('""', '"') ??
      groups?.['bare'];
    const text = name ?? groups?.['other'];
    return text === undefined ? [] : [{ text, isName: name !== undefined, at: index }];
  });
}

/** Words behind which a name with a point is that of a table or a routine, never a column. */
const BEFORE_TABLES = new Set(
  `FROM JOIN INTO INSERT REPLACE UPDATE DELETE TRUNCATE IGNORE QUICK DELAYED LOW_PRIORITY HIGH_PRIORITY
    TABLE TABLES EXISTS REFERENCES CALL VIEW TRIGGER FUNCTION PROCEDURE SEQUENCE`.split(/\s+/),
);

/**
 * Where a statement names something in one of these other databases: `name` of it, `at` which character. In what a
 * statement creates, an alias or a table may bear the name of a database, and a column of it looks the same as a
 * table there: where the name also stands alone, it is taken for an alias, apart from where no column can stand.
 *
 * @param code of the statement, without comments and texts.
 * @param databases in lower case.
 */
export function foreignName(
  code: string,
  databases: ReadonlySet<string>,
): { readonly name: string; readonly at: number } | undefined {
  const signs = signsOf(code);
  const mayHaveAliases = signs.some(({ text }) => /^CREATE$/i.test(text));
  const isPoint = (at: number) => signs[at]?.text === '.' && signs[at]?.isName === false;
  const alone = new Set(
    signs
      .filter(({ isName }, at) => isName && !isPoint(at - 1) && !isPoint(at + 1))
      .map(({ text }) => text.toLowerCase()),
  );
  const found = signs.find(({ text, isName }, at) => {
    const isOutside = isName && databases.has(text.toLowerCase()) && isPoint(at + 1) && !isPoint(at - 1);
    if (!isOutside || !signs[at + 2]?.isName || signs[at - 1]?.text === '@') return false;
    const isTable =
      BEFORE_TABLES.has(signs[at - 1]?.text.toUpperCase() ?? '') ||
      signs[at + 3]?.text === '(' ||
      isPoint(at + 3);
    return isTable || !mayHaveAliases || !alone.has(text.toLowerCase());
  });
  return found && { name: found.text, at: found.at };
}
