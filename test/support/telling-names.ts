import type { Template } from './databases.js';

/**
 * Names that tell less, or more, than they seem to: other names beside that of a person, logins of two worlds, values
 * in tables of their own, authors by login, and a table that shares the key of persons.
 */
const TABLES = `
CREATE TABLE agent (id int PRIMARY KEY, login varchar(40) NOT NULL UNIQUE, firstname varchar(40), lastname varchar(40) NOT NULL,
  mail varchar(80), network_login varchar(40), phone varchar(40), city varchar(40), disabled_at MOMENT NULL,
  created_on MOMENT NOT NULL);
CREATE TABLE contact (id int PRIMARY KEY, username varchar(40) UNIQUE, first_name varchar(40), last_name varchar(40) NOT NULL,
  middle_name varchar(40), skype_name varchar(40), network_login varchar(40), phone varchar(40) NOT NULL, city varchar(40),
  archived boolean NOT NULL, portal_access boolean NOT NULL, created_on MOMENT NOT NULL);
CREATE TABLE email_address (id int PRIMARY KEY, contact_id int NOT NULL REFERENCES contact (id), address varchar(80) NOT NULL);
CREATE TABLE contact__cdata (contact_id int PRIMARY KEY, vip int);
CREATE TABLE ticket (id int PRIMARY KEY, subject varchar(80), opened_by varchar(40), closed_by varchar(40));
CREATE TABLE service (id int PRIMARY KEY, title varchar(80), owner_login varchar(40));
INSERT INTO agent VALUES
  (1, 'ag1', 'Ann', 'Able', 'ann@x.example', 'CORP/a1', '100', 'Oslo', NULL, '2020-01-01 00:00:00'),
  (2, 'ag2', 'Bob', 'Bold', 'bob@x.example', 'CORP/a2', 'X', 'Oslo', NULL, '2020-01-01 00:00:00'),
  (3, 'ag3', 'Cid', 'Calm', 'cid@x.example', 'CORP/a3', NULL, 'Oslo', '2024-05-05 10:00:00', '2020-01-02 00:00:00'),
  (4, 'ag4', 'Dea', 'Dear', 'dea@x.example', 'CORP/a4', '103', 'Oslo', NULL, '2020-01-02 00:00:00');
INSERT INTO contact VALUES
  (11, 'ann', 'Ann', 'Able', NULL, NULL, 'w11', '1', 'Rome', false, true, '2021-01-01 00:00:00'),
  (12, 'bob', 'Bob', 'Bold', NULL, NULL, 'w12', '2', 'Rome', false, true, '2021-01-01 00:00:00'),
  (13, 'eve', 'Eve', 'Eden', NULL, NULL, 'w13', '3', 'Rome', true, false, '2021-01-02 00:00:00'),
  (14, 'fay', 'Fay', 'Fond', NULL, NULL, 'w14', '4', 'Rome', false, false, '2021-01-02 00:00:00');
INSERT INTO email_address VALUES (1, 11, 'ann@x.example'), (2, 12, 'bob@x.example'), (3, 13, 'eve@x.example'), (4, 13, 'eve@y.example');
INSERT INTO contact__cdata VALUES (11, 0), (12, 1), (13, 0), (14, 0);
INSERT INTO ticket VALUES (1, 'a', 'ann', 'ag1'), (2, 'b', 'bob', 'ag2'), (3, 'c', 'eve', 'ag1');
INSERT INTO service VALUES (1, 'a', 'ann'), (2, 'b', 'fay')`;

const TRIGGERS = {
  postgres: [
    `CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
    'CREATE TRIGGER on_change BEFORE UPDATE ON contact FOR EACH ROW EXECUTE FUNCTION touch()',
    'CREATE TRIGGER on_card BEFORE INSERT ON contact FOR EACH ROW EXECUTE FUNCTION touch()',
  ],
  mysql: [
    'CREATE TRIGGER on_change BEFORE UPDATE ON contact FOR EACH ROW SET @touched = 1',
    'CREATE TRIGGER on_card BEFORE INSERT ON contact FOR EACH ROW SET @touched = 1',
  ],
};

export const tellingNames: Template = {
  name: 'telling-names',
  async fill(query, kind) {
    const moment = kind === 'postgres' ? 'timestamp' : 'datetime';
    for (const statement of TABLES.split(';')) await query(statement.replaceAll('MOMENT', moment));
    for (const statement of TRIGGERS[kind]) await query(statement);
  },
};

/** Operators whose key is that of a person. */
export const sharedKey: Template = {
  name: 'shared-key',
  async fill(query) {
    await query(
      'CREATE TABLE contact (id int PRIMARY KEY, first_name varchar(40), last_name varchar(40), email varchar(80))',
    );
    await query(
      `CREATE TABLE portal_agent (contact_id int PRIMARY KEY, login varchar(40), display_name varchar(80), email varchar(80),
         FOREIGN KEY (contact_id) REFERENCES contact (id))`,
    );
  },
};
