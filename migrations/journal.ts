/**
 * One step of onecard's own schema: a single, idempotent statement, so that a run that is killed in the middle
 * simply takes the step again.
 */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** A step that makes one table of the journal. */
export interface JournalMigration extends Migration {
  readonly table: JournalTableName;
}

type JournalTableName =
  | 'run'
  | 'decision'
  | 'change'
  | 'human_decision'
  | 'run_report'
  | 'rollback'
  | 'taken_back'
  | 'purge'
  | 'withheld_line';

/** How the server at hand says what these tables need. */
export interface JournalDialect {
  /** The journal's table of that name, quoted. */
  table(name: JournalTableName): string;
  /** A text of any length. */
  readonly longText: string;
  /** What follows the columns: on MariaDB, that texts are compared bytewise. */
  readonly tableOptions: string;
}

/** The tables of the journal. Keys of cards are texts whatever their type in the application's tables. */
export function journalMigrations({
  table,
  longText,
  tableOptions,
}: JournalDialect): readonly JournalMigration[] {
  return [
    {
      name: '001-run',
      table: 'run',
      sql: `CREATE TABLE IF NOT EXISTS ${table('run')} (
  id                   varchar(40) NOT NULL PRIMARY KEY,
  state                varchar(20) NOT NULL,
  token                integer NOT NULL,
  tool_version         varchar(40) NOT NULL,
  identity             text NOT NULL,
  configuration_digest varchar(64) NOT NULL,
  policies             text NOT NULL,
  ticket               text,
  actor                text NOT NULL,
  started_at           varchar(30) NOT NULL,
  heartbeat_at         varchar(30) NOT NULL,
  finished_at          varchar(30),
  actions              bigint,
  decisions            bigint,
  -- the last position that was handled
  done                 bigint NOT NULL,
  -- 'working', or why it waits
  activity             varchar(255) NOT NULL,
  -- the columns that are read back of a changed operator, and of a new card
  read_back            ${longText} NOT NULL,
  -- what the closing classification found
  closing              ${longText},
  digest_key           varchar(64) NOT NULL,
  audit_head           varchar(64),
  -- the approved plan that it was started with, and how the database differed from that
  plan_digest          varchar(64),
  drift                ${longText}
)${tableOptions}`,
    },
    {
      name: '002-decision',
      table: 'decision',
      // Decisions with an action have the first positions, in the order of the operators' keys: a batch is a range.
      sql: `CREATE TABLE IF NOT EXISTS ${table('decision')} (
  run_id          varchar(40) NOT NULL,
  position        bigint NOT NULL,
  operator        varchar(255) NOT NULL,
  name            ${longText} NOT NULL,
  decision        varchar(20) NOT NULL,
  action          varchar(20) NOT NULL,
  reason          varchar(40) NOT NULL,
  finding         varchar(40),
  person          varchar(255),
  evidence        ${longText},
  detail          ${longText},
  misfit          ${longText},
  -- what the decision rests on, as JSON arrays: keys and card sources of the operator, keys of the person
  operator_fields ${longText},
  person_fields   ${longText},
  -- how it differs from the line in the approved plan; nothing is written then
  drift           ${longText},
  seal            varchar(64) NOT NULL,
  PRIMARY KEY (run_id, position)
)${tableOptions}`,
    },
    {
      name: '003-change',
      table: 'change',
      sql: `CREATE TABLE IF NOT EXISTS ${table('change')} (
  run_id          varchar(40) NOT NULL,
  position        bigint NOT NULL,
  operator        varchar(255) NOT NULL,
  action          varchar(20) NOT NULL,
  person          varchar(255),
  state           varchar(20) NOT NULL,
  reason          ${longText},
  -- the fields as they were found instead of those in the decision
  found           ${longText},
  -- the link and the stamps of the operator, before and after, as JSON arrays
  operator_before ${longText},
  operator_after  ${longText},
  -- a keyed digest of the card as the database keeps it
  card_digest     varchar(64),
  changed_at      varchar(30) NOT NULL,
  seal            varchar(64) NOT NULL,
  PRIMARY KEY (run_id, position)
)${tableOptions}`,
    },
    {
      name: '004-human-decision',
      table: 'human_decision',
      // Nothing is written over: of several decisions about one operator, the one with the highest number counts.
      sql: `CREATE TABLE IF NOT EXISTS ${table('human_decision')} (
  number      bigint NOT NULL PRIMARY KEY,
  -- the run that took it from a file
  run_id      varchar(40) NOT NULL,
  operator    varchar(255) NOT NULL,
  -- link, create, skip, api-account, or undecided: an earlier one is taken back
  decision    varchar(20) NOT NULL,
  person      varchar(255),
  -- who decided, as the file says
  who         ${longText} NOT NULL,
  note        ${longText} NOT NULL,
  file_digest varchar(64) NOT NULL,
  taken_at    varchar(30) NOT NULL,
  seal        varchar(64) NOT NULL
)${tableOptions}`,
    },
    {
      name: '005-run-report',
      table: 'run_report',
      // What the report of a run says besides its decisions and changes.
      sql: `CREATE TABLE IF NOT EXISTS ${table('run_report')} (
  run_id        varchar(40) NOT NULL PRIMARY KEY,
  -- the whole of it, as JSON; its SHA-256 is the digest in the run
  configuration ${longText} NOT NULL,
  -- the names of keys and fields, without which evidence and stale fields cannot be read
  legend        ${longText} NOT NULL,
  -- what it came to, as JSON
  summary       ${longText}
)${tableOptions}`,
    },
    {
      name: '006-rollback',
      table: 'rollback',
      sql: `CREATE TABLE IF NOT EXISTS ${table('rollback')} (
  run_id       varchar(40) NOT NULL,
  -- counted from 1 for each run
  number       integer NOT NULL,
  -- the one that it is about; NULL for the whole run
  operator     varchar(255),
  tool_version varchar(40) NOT NULL,
  ticket       text,
  actor        text NOT NULL,
  started_at   varchar(30) NOT NULL,
  finished_at  varchar(30),
  audit_head   varchar(64),
  -- what it came to, as JSON
  summary      ${longText},
  PRIMARY KEY (run_id, number)
)${tableOptions}`,
    },
    {
      name: '007-taken-back',
      table: 'taken_back',
      // What each rollback did about a change; the change itself says only how it ended.
      sql: `CREATE TABLE IF NOT EXISTS ${table('taken_back')} (
  run_id        varchar(40) NOT NULL,
  position      bigint NOT NULL,
  rollback      integer NOT NULL,
  operator      varchar(255) NOT NULL,
  action        varchar(20) NOT NULL,
  person        varchar(255),
  -- rolled-back or kept
  state         varchar(20) NOT NULL,
  reason        ${longText},
  -- when the change was written; the change has the time of its end by now
  applied_at    varchar(30) NOT NULL,
  taken_back_at varchar(30) NOT NULL,
  seal          varchar(64) NOT NULL,
  PRIMARY KEY (run_id, position, rollback)
)${tableOptions}`,
    },
    {
      name: '008-purge',
      table: 'purge',
      sql: `CREATE TABLE IF NOT EXISTS ${table('purge')} (
  number    integer NOT NULL PRIMARY KEY,
  -- NULL where it was about one operator; which one is not kept
  run_id    varchar(40),
  ticket    text,
  actor     text NOT NULL,
  purged_at varchar(30) NOT NULL
)${tableOptions}`,
    },
    {
      name: '009-withheld-line',
      table: 'withheld_line',
      // What is left of a line of an audit report whose rows were purged: the chain goes on over its digest.
      sql: `CREATE TABLE IF NOT EXISTS ${table('withheld_line')} (
  run_id       varchar(40) NOT NULL,
  -- 0 for the report of the run itself
  rollback     integer NOT NULL,
  position     bigint NOT NULL,
  purge_number integer NOT NULL,
  digest       varchar(64) NOT NULL,
  PRIMARY KEY (run_id, rollback, position)
)${tableOptions}`,
    },
  ];
}
