import { leaveOut, type NotRun, run, type Verdict } from '../script/loader.js';
import { foreignName } from './foreign-name.js';
import { masked, type Reading } from './masked.js';

const NAME = '(?:`(?:[^`]|``)*`|"[^"]*"|[\\w$\\x80-\\xff]+)';
const ACCOUNT_PART = '(?:`(?:[^`]|``)*`|\'[^\']*\'|"[^"]*"|[\\w%.-]+)';
const DEFINER = new RegExp(`\\bDEFINER\\s*=\\s*${ACCOUNT_PART}(?:\\s*@\\s*${ACCOUNT_PART})?(?:\\(\\))?`, 'i');
/** In which a statement that inserts has come to its values. */
const LONGEST_HEAD = 20_000;
/** In these, a byte of a character can be a backslash or a quote. */
const UNSAFE_CHARACTER_SET = /\b(?:big5|gbk|gb18030|sjis|cp932|ucs2|utf16(?:le)?|utf32)\b/i;

/** What is made of a kind of thing that is created, altered or dropped; by the word that names it. */
const KINDS: Readonly<Record<string, 'load' | { readonly leftOut: string }>> = {
  TABLE: 'load',
  SEQUENCE: 'load',
  INDEX: 'load',
  VIEW: 'load',
  TRIGGER: 'load',
  FUNCTION: 'load',
  PROCEDURE: 'load',
  PACKAGE: 'load',
  // It would start by itself, in the middle of a rehearsal.
  EVENT: { leftOut: 'events, which would start by themselves' },
  DATABASE: { leftOut: 'the name of the original database (CREATE DATABASE, USE)' },
  SCHEMA: { leftOut: 'the name of the original database (CREATE DATABASE, USE)' },
  USER: { leftOut: 'users and roles' },
  ROLE: { leftOut: 'users and roles' },
  SERVER: { leftOut: 'servers of federated tables' },
  TABLESPACE: { leftOut: 'tablespaces' },
  LOGFILE: { leftOut: 'tablespaces' },
};
const KIND = new RegExp(`^(?:CREATE|ALTER|DROP)\\b.*?\\b(${Object.keys(KINDS).join('|')})\\b`, 'i');

const LEFT_OUT: readonly (readonly [pattern: RegExp, what: string | undefined])[] = [
  [/^(?:GRANT|REVOKE)\b/i, 'privileges (GRANT, REVOKE)'],
  [/(?:^SET|^SET .*,) ?(?:PASSWORD|ROLE|DEFAULT ROLE)\b/i, 'users and roles'],
  [/^(?:SET |SET .*, ?)(?:@@SESSION\.|SESSION )?SQL_LOG_BIN\b/i, undefined],
  [
    /(?:^SET|^SET\b.*,) ?(?:@@ ?)?`?(?:GLOBAL|PERSIST|PERSIST_ONLY)\b/i,
    'settings of the whole server (SET GLOBAL)',
  ],
  [/^(?:CHANGE (?:MASTER|REPLICATION)|(?:START|STOP|RESET) (?:SLAVE|REPLICA|ALL))\b/i, 'replication'],
  [/^(?:INSTALL|UNINSTALL) |^CREATE (?:.* )?FUNCTION .* SONAME\b/i, 'plugins and loadable functions'],
  [/^FLUSH /i, undefined],
  // Nobody else is there; and under locks, MariaDB refuses the sequence that a default takes its value from.
  [/^(?:LOCK|UNLOCK) TABLES\b/i, undefined],
  // Of MySQL: it looks whether the server can load into RocksDB in bulk.
  [/^(?:SELECT|SET|PREPARE|EXECUTE|DEALLOCATE) .*rocksdb|^(?:EXECUTE|DEALLOCATE PREPARE) s$/i, undefined],
];

/** `SET STATEMENT … FOR` and `BEGIN NOT ATOMIC` have any other statement in them. */
const LOADED =
  /^(?:(?:INSERT|REPLACE|UPDATE|DELETE|TRUNCATE|SET(?! STATEMENT\b)|START TRANSACTION|COMMIT|ROLLBACK|DO|SELECT|ANALYZE|OPTIMIZE)\b|BEGIN(?: WORK)?$)/i;

/**
 * @param others the databases of the server, apart from the one that is loaded into; in lower case.
 * @param reading what a quote and a backslash mean at this place of the dump.
 */
export function judgeMysql(statement: string, others: ReadonlySet<string>, reading: Reading): Verdict {
  const sql = withOwnSequences(withoutDefiner(statement));
  const code = codeOf(sql, reading);
  const verdict = judgeHead(headOf(code), { sql, code, others });
  // The server may be too old, or too new, for what stands in comments that it executes.
  const bare = headOf(code.replace(/\/\*M?!.*?(?:\*\/|$)/gs, ' '));
  if (verdict.action !== 'run' || bare === '') return verdict;
  const without = judgeHead(bare, { sql, code, others });
  return without.action === 'run' ? verdict : without;
}

interface Judged {
  readonly sql: string;
  readonly code: string;
  readonly others: ReadonlySet<string>;
}

function judgeHead(head: string, { sql, code, others }: Judged): Verdict {
  if (head === '') return leaveOut(undefined);
  const database = new RegExp(`^USE (${NAME})$`, 'i').exec(head)?.[1];
  if (database !== undefined) return { action: 'enter', database };
  if (/^ALTER (?:DATABASE|SCHEMA)\b/i.test(head)) return ofThisDatabase(sql);
  const kind = KINDS[KIND.exec(head)?.[1]?.toUpperCase() ?? ''];
  if (kind !== undefined && kind !== 'load') return leaveOut(/^DROP/i.test(head) ? undefined : kind.leftOut);
  const leftOut = LEFT_OUT.find(([pattern]) => pattern.test(head));
  if (leftOut) return leaveOut(leftOut[1]);
  if (kind === undefined && !LOADED.test(head)) {
    return {
      action: 'refuse',
      why: `"${head.split(' ', 2).join(' ')}" is no statement to load data with`,
      remedy: 'Load a dump as mariadb-dump or mysqldump writes it.',
    };
  }
  return refusalOf(head, { sql, code, others }) ?? run(withAnyDate(sql));
}

/** The mode in which a dump loads its rows would make zeros of dates that are there, such as 2024-02-31. */
const withAnyDate = (sql: string) =>
  sql.replace(
    /^((?:\/\*!\d*\s*)?SET\s+@OLD_SQL_MODE\s*=\s*@@SQL_MODE,\s*SQL_MODE\s*=\s*'NO_AUTO_VALUE_ON_ZERO)'/i,
    "$1,ALLOW_INVALID_DATES'",
  );

export function judgeMysqlCommand(command: string): NotRun {
  return {
    action: 'refuse',
    why: `${command.split(/\s/, 1)[0]} is a command to the client, not to the server`,
    remedy: 'Load a dump as mariadb-dump or mysqldump writes it.',
  };
}

/** Who defines it need not be here; whoever loads it does instead. */
function withoutDefiner(statement: string): string {
  const head = statement.slice(0, 2_000);
  if (!/^(?:\/\*M?!\d*\s*)?CREATE\b/i.test(head)) return statement;
  const definer = DEFINER.exec(head);
  // Behind its name, it would belong to something else.
  if (definer === null || KIND.test(headOf(head.slice(0, definer.index)))) return statement;
  return statement.slice(0, definer.index) + statement.slice(definer.index + definer[0].length);
}

/** MariaDB names the sequence of a default with its database, the original; it is part of the dump, and so is here. */
function withOwnSequences(statement: string): string {
  if (!/^CREATE\b/i.test(statement) || !/\bnextval\(/i.test(statement)) return statement;
  return statement.replace(/\b((?:next|last)val)\(`(?:[^`]|``)*`\.(`(?:[^`]|``)*`)\)/gi, '$1($2)');
}

/** Without comments and texts, and where it inserts, without values: they are many, and name nothing. */
function codeOf(sql: string, reading: Reading): string {
  if (!/^(?:INSERT|REPLACE)\b/i.test(sql)) return masked(sql, reading);
  const code = masked(sql.slice(0, LONGEST_HEAD), reading);
  const values = /\bVALUES?\s*\(/i.exec(code);
  return values === null ? masked(sql, reading) : code.slice(0, values.index);
}

/** Code in one line, without what makes parts of it conditional. */
function headOf(code: string): string {
  return code
    .replace(/\/\*M?!\d*|\*\//g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** A dump changes the collation of the database around a trigger that was made under another. */
function ofThisDatabase(sql: string): Verdict {
  const named = new RegExp(`^(ALTER\\s+(?:DATABASE|SCHEMA)\\s+)${NAME}\\s+(?=(?:DEFAULT|CHAR|COLLATE))`, 'i');
  if (named.test(sql)) return run(sql.replace(named, '$1'));
  return leaveOut('the name of the original database (CREATE DATABASE, USE)');
}

function refusalOf(head: string, { sql, code, others }: Judged): Verdict | undefined {
  if (/^SET\b/i.test(head) && /\b(?:NAMES|CHARACTER_SET_CLIENT|CHARACTER SET|CHARSET)\b/i.test(head)) {
    const unsafe = UNSAFE_CHARACTER_SET.exec(sql)?.[0];
    if (unsafe === undefined) return undefined;
    return {
      action: 'refuse',
      why: `it is in the character set ${unsafe}`,
      remedy: 'Make the dump in UTF-8: mariadb-dump --default-character-set=utf8mb4.',
    };
  }
  if (/\bINTO (?:OUTFILE|DUMPFILE)\b/i.test(head)) {
    return { action: 'refuse', why: 'it writes a file on the server', remedy: 'Take it out of the dump.' };
  }
  const isTable = /^(?:CREATE|ALTER)\b.*?\bTABLE\b/i.test(head);
  const engine = isTable ? /\bENGINE\s*=?\s*['"`]?(FEDERATED|CONNECT|SPIDER)\b/i.exec(sql)?.[1] : undefined;
  if (engine !== undefined) {
    return {
      action: 'refuse',
      why: `a table of the engine ${engine} reaches another database`,
      remedy: 'Leave it out of the dump: mariadb-dump --ignore-table.',
    };
  }
  const foreign = foreignName(sql, code, others);
  if (foreign === undefined) return undefined;
  return {
    action: 'refuse',
    why: `it names the database ${foreign.name}, which is on this server and must not be touched`,
    remedy: 'Load the dump into another server, where there is no database of that name.',
    linesBelow: sql.slice(0, foreign.at).split('\n').length - 1,
  };
}
