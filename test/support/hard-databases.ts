import type { Rows } from './servers/server.js';

type Run = (sql: string) => Promise<Rows>;

/** What a copy of a PostgreSQL database can lose. */
export async function fillHardPostgres(run: Run): Promise<void> {
  await run(`
    CREATE SCHEMA "Desk ""two""";
    CREATE TYPE mood AS ENUM ('glad', 'not so');
    CREATE TABLE person (
      id bigint GENERATED ALWAYS AS IDENTITY (START WITH 100) PRIMARY KEY,
      name text NOT NULL,
      folded text GENERATED ALWAYS AS (lower(name)) STORED,
      feeling mood,
      data jsonb,
      photo bytea);
    CREATE TABLE "Desk ""two"""."Opérateur" (
      id serial PRIMARY KEY, "Person" bigint REFERENCES person (id) ON DELETE CASCADE);
    CREATE TABLE log (at date NOT NULL, what text) PARTITION BY RANGE (at);
    CREATE TABLE log_old PARTITION OF log FOR VALUES FROM (MINVALUE) TO ('2025-01-01');
    CREATE TABLE log_new PARTITION OF log DEFAULT;
    CREATE TABLE apart (id integer PRIMARY KEY);
    CREATE VIEW people AS SELECT id, name FROM person;
    CREATE MATERIALIZED VIEW moods AS SELECT feeling, count(*) FROM person GROUP BY feeling;
    CREATE FUNCTION logged() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO log VALUES ('2026-01-01', NEW.name); RETURN NEW; END $$;
    INSERT INTO person (name, feeling, data, photo)
    VALUES ('Zoë', 'glad', '{"a": [1, null]}', '\\x00ff'), ('', 'not so', NULL, NULL);
    INSERT INTO "Desk ""two"""."Opérateur" ("Person") VALUES (100), (NULL);
    INSERT INTO log VALUES ('2024-05-05', 'old'), ('2025-05-05', NULL), ('2025-05-05', '');
    SELECT lo_from_bytea(4711, 'large');
    CREATE FOREIGN DATA WRAPPER nowhere;
    CREATE SERVER away FOREIGN DATA WRAPPER nowhere;
    CREATE USER MAPPING FOR CURRENT_USER SERVER away OPTIONS (password 'secret');
    CREATE TRIGGER log_person AFTER INSERT ON person FOR EACH ROW EXECUTE FUNCTION logged();
    REFRESH MATERIALIZED VIEW moods;
    DO $$ BEGIN
      EXECUTE format('ALTER DATABASE %I SET search_path TO "$user", public, ''Desk "two"''', current_database());
      EXECUTE format('ALTER DATABASE %I SET onecard_test.word TO ''it''''s''', current_database());
    END $$`);
}

/** What a copy of a MariaDB database can lose. */
export async function fillHardMariadb(run: Run): Promise<void> {
  const statements = [
    `SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'`,
    `CREATE SEQUENCE numbers START WITH 50 MINVALUE 10 MAXVALUE 5000 INCREMENT BY 5 CACHE 20 CYCLE`,
    `CREATE TABLE \`Pers\`\`on "é"\` (
       id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
       name varchar(40) COLLATE utf8mb4_nopad_bin NOT NULL DEFAULT 'it''s \\\\',
       folded varchar(40) AS (LOWER(name)) STORED, length int AS (LENGTH(name)) VIRTUAL,
       number int NOT NULL DEFAULT (NEXT VALUE FOR numbers),
       born date NOT NULL DEFAULT '0000-00-00', died date NOT NULL DEFAULT '2023-02-31', left_at datetime(6) NOT NULL DEFAULT '0000-00-00 00:00:00',
       seen timestamp NOT NULL DEFAULT '2020-01-01 00:00:00',
       flags bit(12), photo blob, data json, kind enum('a', 'b') NOT NULL,
       amount float, tag set('x', 'y'), CONSTRAINT sane CHECK (name <> 'mad'),
       hidden int INVISIBLE DEFAULT 7)`,
    `CREATE TABLE operator (
       id int NOT NULL AUTO_INCREMENT PRIMARY KEY, person_id bigint unsigned,
       CONSTRAINT \`to person\` FOREIGN KEY (person_id) REFERENCES \`Pers\`\`on "é"\` (id) ON DELETE CASCADE)`,
    `CREATE TABLE log (at int NOT NULL, what text) PARTITION BY RANGE (at)
      (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)`,
    `INSERT INTO \`Pers\`\`on "é"\` (id, name, born, left_at, flags, photo, data, kind, amount, tag, hidden)
     VALUES (0, 'Zoë', '0000-00-00', '2024-00-00 00:00:00', b'101010101010', x'00ff5c27', '{"a": [1, null]}', 'a', 0.1, 'x,y', 8),
            (18446744073709551614, 'trailing ', '2024-02-31', '0000-00-00', NULL, NULL, NULL, 'nothing', NULL, '', 9),
            (5, '', '2024-01-01', '2024-01-01 00:00:00.000001', b'0', '', '[]', 'b', 1e30, 'y', 10)`,
    `SET SESSION check_constraint_checks = 0`,
    `UPDATE \`Pers\`\`on "é"\` SET name = 'mad' WHERE id = 5`,
    `SET SESSION foreign_key_checks = 0`,
    `INSERT INTO operator VALUES (0, 0), (7, 5), (8, NULL), (9, 99)`,
    `CREATE TABLE kept (id int PRIMARY KEY, what text) WITH SYSTEM VERSIONING`,
    `INSERT INTO kept VALUES (1, 'first')`,
    `UPDATE kept SET what = 'second'`,
    `INSERT INTO log VALUES (1, 'old'), (20, NULL), (20, '')`,
    `CREATE FUNCTION doubled(n int) RETURNS int DETERMINISTIC RETURN n * 2`,
    `CREATE PROCEDURE note(IN said text) INSERT INTO log VALUES (30, said)`,
    `CREATE VIEW b_people AS SELECT p.id, p.name, doubled(p.length) AS twice FROM \`Pers\`\`on "é"\` p`,
    `CREATE VIEW a_people AS SELECT id, name FROM b_people`,
    `CREATE TABLE gone (id int)`,
    `CREATE VIEW broken AS SELECT id FROM gone`,
    `DROP TABLE gone`,
    `CREATE DEFINER = nobody@nowhere TRIGGER log_second AFTER INSERT ON operator FOR EACH ROW CALL note('second')`,
    `SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'`,
    `CREATE TRIGGER log_first AFTER INSERT ON operator FOR EACH ROW PRECEDES log_second
     INSERT INTO "log" VALUES (40, 'first \\' || NEW.id)`,
    `CREATE EVENT often ON SCHEDULE EVERY 1 DAY DO DELETE FROM "log"`,
  ];
  // Everything on one connection: the settings have to hold.
  await run(statements.join(';\n'));
}
