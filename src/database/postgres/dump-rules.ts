import { leaveOut, type NotRun, run, type Verdict } from '../script/loader.js';

/**
 * Statements that reach beyond one database, or give it to roles that need not be here, by how they begin. What
 * is missing then is told.
 */
const LEFT_OUT: readonly (readonly [pattern: RegExp, what: string | undefined])[] = [
  [/^ALTER\s[^;]*\sOWNER\s+TO\s+(?:"(?:[^"]|"")+"|\S+)\s*$/i, 'owners (ALTER … OWNER TO)'],
  [/^(?:GRANT|REVOKE)\s/i, 'privileges (GRANT, REVOKE)'],
  [/^ALTER\s+DEFAULT\s+PRIVILEGES\s/i, 'default privileges'],
  [/^(?:SET|RESET)\s+(?:SESSION\s+AUTHORIZATION|ROLE)\b/i, 'changes of the role (SET SESSION AUTHORIZATION)'],
  [/^(?:CREATE|ALTER|DROP)\s+DATABASE\s/i, 'settings of the original database (CREATE and ALTER DATABASE)'],
  [/^COMMENT\s+ON\s+DATABASE\s/i, 'settings of the original database (CREATE and ALTER DATABASE)'],
  [/^COMMENT\s+ON\s+EXTENSION\s/i, 'comments on extensions'],
  [/^SECURITY\s+LABEL\s/i, 'security labels'],
  [/^(?:CREATE|ALTER|DROP|COMMENT\s+ON)\s+(?:ROLE|USER|GROUP)\s+(?!MAPPING\b)/i, 'roles'],
  [/^(?:CREATE|ALTER|DROP|COMMENT\s+ON)\s+TABLESPACE\s/i, 'tablespaces'],
  [/^SET\s+default_tablespace\s*=\s*(?!\s|''\s*$)/i, 'tablespaces'],
  [/^(?:CREATE|ALTER|DROP|COMMENT\s+ON)\s+PUBLICATION\s/i, 'publications'],
  // It would take the changes of another database, and take them away from its true subscriber.
  [/^(?:CREATE|ALTER|DROP|COMMENT\s+ON)\s+SUBSCRIPTION\s/i, 'subscriptions'],
  [
    /^(?:CREATE|ALTER|DROP)\s+USER\s+MAPPING\s/i,
    'user mappings: foreign tables do not reach their servers from here',
  ],
];

export function judgePostgres(statement: string): Verdict {
  const leftOut = LEFT_OUT.find(([pattern]) => pattern.test(statement));
  if (leftOut) return leaveOut(leftOut[1]);
  if (/^ALTER\s+SYSTEM\s/i.test(statement)) {
    return {
      action: 'refuse',
      why: 'it changes the settings of the whole server',
      remedy: 'Take that line out of the dump.',
    };
  }
  const encoding = /^SET\s+client_encoding\s*(?:=|TO)\s*'?([\w-]+)/i.exec(statement)?.[1];
  if (encoding !== undefined && !/^(?:utf-?8|unicode|sql_ascii)$/i.test(encoding)) {
    return {
      action: 'refuse',
      why: `it is in the encoding ${encoding}`,
      remedy: 'Make the dump in UTF-8: pg_dump --encoding=UTF8.',
    };
  }
  // pg_dump writes neither: where rows follow a COPY, it is not judged here.
  const outward = /^(?:COPY|LOAD)\b/i.exec(statement)?.[0].toUpperCase();
  if (outward !== undefined) {
    return {
      action: 'refuse',
      why: `${outward} reaches files or programs of the server here`,
      remedy: 'Take that line out of the dump.',
    };
  }
  return run(statement);
}

export function judgePostgresCommand(command: string): NotRun {
  if (/^\\(?:un)?restrict\b/.test(command)) return leaveOut(undefined);
  const database = /^\\(?:connect|c)\s+(.*)$/.exec(command)?.[1];
  if (database !== undefined) return { action: 'enter', database };
  return {
    action: 'refuse',
    why: `${command.split(/\s/, 1)[0]} is a command to psql, not to the server`,
    remedy: 'Load a dump as pg_dump writes it.',
  };
}

interface Refusal {
  /** SQLSTATE. */
  readonly code: string;
  readonly statement: string;
}

/** What need not be there in a scratch database, so that a refusal does no harm; false where it does. */
export function forgiven({ code, statement }: Refusal): { readonly what: string | undefined } | false {
  const setting = /^SET\s+(?:SESSION\s+)?(\w+)/i.exec(statement)?.[1];
  if (setting !== undefined && UNKNOWN_SETTING.includes(code)) {
    return { what: `settings that this server does not have (${setting})` };
  }
  if (/^(?:CREATE|ALTER)\s+POLICY\s/i.test(statement) && code === '42704') {
    return { what: 'row-level policies for roles that are not here' };
  }
  if (/^(?:CREATE|ALTER)\s+EVENT\s+TRIGGER\s/i.test(statement) && code === '42501') {
    return { what: 'event triggers, which only a superuser may create' };
  }
  if (/^COMMENT\s/i.test(statement) && code === '42501') {
    return { what: 'comments on what belongs to another role' };
  }
  // Of `pg_dump --clean`: there is nothing yet to drop.
  const drops =
    /^(?:DROP\s|ALTER\s.*\sDROP\s|SELECT\s+pg_catalog\.lo_unlink\()/is.test(statement) &&
    NOTHING_THERE.includes(code);
  const isThere = /^CREATE\s+SCHEMA\s+public\s*$/i.test(statement) && code === '42P06';
  return drops || isThere ? { what: undefined } : false;
}

const UNKNOWN_SETTING = ['42704', '22023'];
/** Of a table, an object, a function, a schema. */
const NOTHING_THERE = ['42P01', '42704', '42883', '3F000'];
