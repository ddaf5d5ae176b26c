import type { Template } from './databases.js';

/** Rough sketches of what well-known help desks keep, without foreign keys where they have none. */
const OSTICKET = `
CREATE TABLE ost_staff (staff_id int PRIMARY KEY, dept_id int NOT NULL, role_id int NOT NULL, username varchar(32) NOT NULL UNIQUE,
  firstname varchar(32), lastname varchar(32), passwd varchar(128), email varchar(255), phone varchar(24) NOT NULL DEFAULT '',
  signature text NOT NULL, lang varchar(16), isactive smallint NOT NULL DEFAULT 1, isadmin smallint NOT NULL DEFAULT 0,
  created timestamp NULL, lastlogin timestamp NULL, updated timestamp NULL);
CREATE TABLE ost_user (id int PRIMARY KEY, org_id int NOT NULL, default_email_id int NOT NULL, status int NOT NULL DEFAULT 0,
  name varchar(128) NOT NULL, created timestamp NULL, updated timestamp NULL);
CREATE TABLE ost_user_email (id int PRIMARY KEY, user_id int NOT NULL, flags int NOT NULL DEFAULT 0, address varchar(255) NOT NULL);
CREATE TABLE ost_user_account (id int PRIMARY KEY, user_id int NOT NULL, status int NOT NULL DEFAULT 0, lang varchar(16),
  username varchar(64) UNIQUE, passwd varchar(128), registered timestamp NULL);
CREATE TABLE ost_ticket (ticket_id int PRIMARY KEY, number varchar(20), user_id int NOT NULL DEFAULT 0, staff_id int NOT NULL DEFAULT 0);
CREATE TABLE ost_thread_collaborator (id int PRIMARY KEY, user_id int NOT NULL, thread_id int NOT NULL);
CREATE TABLE ost_email (email_id int PRIMARY KEY, name varchar(255), email varchar(255), userid varchar(255), userpass varchar(255));
INSERT INTO ost_staff (staff_id, dept_id, role_id, username, firstname, lastname, email, signature) VALUES
  (1, 1, 1, 'jdoe', 'John', 'Doe', 'john.doe@x.example', ''), (2, 1, 2, 'mroe', 'Mary', 'Roe', 'mary@x.example', ''),
  (3, 2, 2, 'api.sync', '', 'Sync', 'sync@x.example', '');
INSERT INTO ost_user (id, org_id, default_email_id, status, name) VALUES
  (1, 0, 11, 0, 'John Doe'), (2, 0, 12, 0, 'Cust One'), (3, 1, 13, 0, 'Cust Two'), (4, 1, 14, 0, 'Mary Roe');
INSERT INTO ost_user_email VALUES
  (11, 1, 0, 'john.doe@x.example'), (12, 2, 0, 'one@c.example'), (13, 3, 0, 'two@c.example'), (14, 4, 0, 'mary@x.example');
INSERT INTO ost_user_account (id, user_id, status, username) VALUES (1, 1, 1, 'jdoe'), (2, 2, 1, NULL);
INSERT INTO ost_ticket VALUES (1, '100', 2, 1), (2, '101', 3, 2);
INSERT INTO ost_thread_collaborator VALUES (1, 4, 1)`;

const OTRS = `
CREATE TABLE valid (id smallint PRIMARY KEY, name varchar(200) NOT NULL UNIQUE);
CREATE TABLE users (id int PRIMARY KEY, login varchar(200) NOT NULL UNIQUE, pw varchar(128) NOT NULL, title varchar(50),
  first_name varchar(100) NOT NULL, last_name varchar(100) NOT NULL, valid_id smallint NOT NULL, change_time timestamp NULL);
CREATE TABLE user_preferences (user_id int NOT NULL, preferences_key varchar(150) NOT NULL, preferences_value BYTES);
CREATE TABLE customer_user (id int PRIMARY KEY, login varchar(200) NOT NULL UNIQUE, email varchar(150) NOT NULL,
  customer_id varchar(150) NOT NULL, pw varchar(128), title varchar(50), first_name varchar(100) NOT NULL,
  last_name varchar(100) NOT NULL, phone varchar(150), valid_id smallint NOT NULL, change_time timestamp NULL);
CREATE TABLE customer_company (customer_id varchar(150) PRIMARY KEY, name varchar(200) NOT NULL, valid_id smallint NOT NULL);
CREATE TABLE ticket (id bigint PRIMARY KEY, tn varchar(50) NOT NULL UNIQUE, user_id int NOT NULL, customer_user_id varchar(250));
INSERT INTO valid VALUES (1, 'valid'), (2, 'invalid'), (3, 'invalid-temporarily');
INSERT INTO users VALUES (1, 'root@localhost', 'x', '', 'Admin', 'OTRS', 1, NULL), (2, 'jdoe', 'x', '', 'John', 'Doe', 1, NULL),
  (3, 'mroe', 'x', '', 'Mary', 'Roe', 2, NULL);
INSERT INTO user_preferences VALUES (1, 'UserEmail', 'root@x.example'), (2, 'UserEmail', 'john.doe@x.example'),
  (3, 'UserEmail', 'mary@x.example'), (2, 'UserLanguage', 'en');
INSERT INTO customer_user VALUES
  (1, 'john.doe@x.example', 'john.doe@x.example', 'ACME', NULL, '', 'John', 'Doe', NULL, 1, NULL),
  (2, 'one', 'one@c.example', 'ACME', NULL, '', 'Cust', 'One', NULL, 1, NULL),
  (3, 'two', 'two@c.example', 'BETA', NULL, '', 'Cust', 'Two', NULL, 2, NULL),
  (4, 'mroe', 'mary@x.example', 'BETA', NULL, '', 'Mary', 'Roe', NULL, 1, NULL);
INSERT INTO ticket VALUES (1, '2020', 1, 'one'), (2, '2021', 2, 'two')`;

/** Agents and customers in one table: nothing that two kinds of cards could be. */
const ZAMMAD = `
CREATE TABLE users (id int PRIMARY KEY, login varchar(255) NOT NULL, firstname varchar(100), lastname varchar(100),
  email varchar(255), password varchar(120), active boolean NOT NULL);
CREATE TABLE roles_users (user_id int, role_id int);
CREATE TABLE tickets (id int PRIMARY KEY, customer_id int NOT NULL, owner_id int NOT NULL, title varchar(250))`;

const inManner = (name: string, statements: string): Template => ({
  name,
  async fill(query, kind) {
    for (const statement of statements.split(';'))
      await query(statement.replace('BYTES', kind === 'postgres' ? 'bytea' : 'longblob'));
  },
});

export const osticket = inManner('osticket', OSTICKET);
export const otrs = inManner('otrs', OTRS);
export const zammad = inManner('zammad', ZAMMAD);
