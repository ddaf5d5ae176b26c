import type { Template } from './databases.js';
import { sample } from './sample.js';
import type { Kind } from './servers/server.js';

/** Values that a script could take for something else, as they are. */
export const HOSTILE_VALUES: readonly (string | null)[] = [
  null,
  '',
  '\\N',
  '\\.',
  '\n\\.\n',
  "it's; -- no comment",
  '"double"; `back`; /* open',
  'a\\',
  "\\'; DROP TABLE hostile; --",
  '$$ BEGIN; $_X$ END; $$',
  'tab\tand\r\nlines\n',
  '\u0001\u001a\b\f\u007f',
  'Ünïcödé ß 東京 \u{1f600} \u00a0',
  '/*!50003 SELECT 1 */; DELIMITER ;;\nDELIMITER ;;\n',
  'COPY hostile FROM stdin;\n',
  '-- PostgreSQL database dump complete',
  'x'.repeat(5_000),
];

const literals: Record<Kind, (value: string | null) => string> = {
  postgres: (value) => (value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`),
  mysql: (value) => (value === null ? 'NULL' : `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`),
};

const rowsOf = (kind: Kind) =>
  `INSERT INTO hostile (id, value) VALUES ${HOSTILE_VALUES.map((value, n) => `(${n + 1}, ${literals[kind](value)})`).join(', ')}`;

const statements: Record<Kind, readonly string[]> = {
  postgres: [
    'CREATE TABLE hostile (id bigserial PRIMARY KEY, value text, "strange ""name; --" bytea)',
    rowsOf('postgres'),
    `SELECT setval('hostile_id_seq', 1000)`,
    `UPDATE hostile SET "strange ""name; --" = '\\x00ff0a5c2e'`,
    `CREATE FUNCTION count_hostile(lowest integer) RETURNS bigint LANGUAGE sql
     BEGIN ATOMIC SELECT CASE WHEN lowest > 0 THEN count(*) END FROM hostile WHERE id >= lowest; SELECT 1::bigint; END`,
    `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $body$
     BEGIN
       -- it's a comment; with $$ in it
       IF NEW.value = 'a;b' THEN NEW.value := E'c\\';d'; END IF;
       RETURN NEW;
     END $body$`,
    'CREATE TRIGGER note BEFORE UPDATE ON hostile FOR EACH ROW EXECUTE FUNCTION note()',
    'CREATE VIEW hostile_view AS SELECT id, value FROM hostile WHERE value <> $$a;b$$',
    'CREATE MATERIALIZED VIEW hostile_counts AS SELECT count(*) AS n FROM hostile',
    `CREATE TABLE log (id integer GENERATED ALWAYS AS IDENTITY, what text)`,
    `CREATE RULE twice AS ON UPDATE TO log DO ALSO (INSERT INTO log (what) VALUES ('a;b'); DELETE FROM log WHERE what = 'c')`,
    `COMMENT ON TABLE log IS 'It''s; a log'`,
    `CREATE SCHEMA other`,
    `CREATE TABLE other.log (what text)`,
    `INSERT INTO other.log VALUES ('same'), ('same')`,
    `ALTER TABLE log ENABLE ROW LEVEL SECURITY`,
    `CREATE POLICY everybody ON log USING (true)`,
    `GRANT SELECT ON log TO PUBLIC`,
    `ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC`,
    `CREATE PUBLICATION changes FOR TABLE log`,
    `CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$`,
    `CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION on_ddl()`,
    `SELECT lo_from_bytea(424242, '\\x00ff27')`,
  ],
  mysql: [
    'CREATE TABLE hostile (id bigint AUTO_INCREMENT PRIMARY KEY, value longtext, `strange ``name; --` blob) DEFAULT CHARSET=utf8mb4',
    rowsOf('mysql'),
    "UPDATE hostile SET `strange ``name; --` = X'00ff0a5c2e271a22'",
    'CREATE TABLE log (id int AUTO_INCREMENT PRIMARY KEY, what varchar(100)) DEFAULT CHARSET=utf8mb4',
    `CREATE TRIGGER note BEFORE UPDATE ON hostile FOR EACH ROW
     BEGIN
       -- it's a comment; with ;; in it
       IF NEW.value = 'a;b' THEN INSERT INTO log (what) VALUES ('c\\';d'); END IF;
     END`,
    `CREATE FUNCTION count_hostile(lowest int) RETURNS int DETERMINISTIC READS SQL DATA
     BEGIN
       DECLARE n int;
       SELECT count(*) INTO n FROM hostile WHERE hostile.id >= lowest;
       RETURN n;
     END`,
    `CREATE PROCEDURE clean() BEGIN DELETE FROM log; CALL clean_more(1); END`,
    `CREATE PROCEDURE clean_more(IN n int) COMMENT 'a;b' BEGIN SELECT count_hostile(n); END`,
    `CREATE VIEW hostile_view AS SELECT id, value, count_hostile(1) AS n FROM hostile WHERE value <> 'a;b'`,
    `CREATE VIEW upper_view AS SELECT * FROM hostile_view`,
    `CREATE SEQUENCE numbers START WITH 7`,
    `CREATE TABLE numbered (id int DEFAULT nextval(numbers) PRIMARY KEY, what varchar(10))`,
    `INSERT INTO numbered (what) VALUES ('a'), ('b')`,
    `CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM log; END`,
  ],
};

/** The sample, and whatever makes a dump hard to read: values, routines, triggers, views, rules. */
export const eventful: Template = {
  name: 'eventful',
  async fill(run, kind) {
    await sample.fill(run, kind);
    for (const statement of statements[kind]) await run(statement);
  },
};
