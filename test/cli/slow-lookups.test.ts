import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AGENTS_AND_CONTACTS } from '../support/agents-and-contacts.js';
import { serverDatabases, type Template } from '../support/databases.js';
import { onecardOn } from '../support/on-database.js';

/** More addresses than anybody reads row by row, found by a column without an index. */
const unindexed: Template = {
  name: 'unindexed-addresses',
  async fill(query, kind) {
    const numbers =
      kind === 'mysql' ? '(SELECT seq AS i FROM seq_1_to_1500) AS s' : 'generate_series(1, 1500) AS s (i)';
    await query('CREATE TABLE agent (id integer NOT NULL PRIMARY KEY, name varchar(40) NOT NULL)');
    await query(
      'CREATE TABLE contact (id char(36) NOT NULL PRIMARY KEY, name varchar(40) NOT NULL, mail varchar(80))',
    );
    await query('CREATE TABLE agent_mail (agent_id integer NOT NULL, mail varchar(80))');
    await query(`INSERT INTO agent VALUES (1, 'Anna')`);
    await query(`INSERT INTO agent_mail SELECT i, CONCAT('a', i, '@example.com') FROM ${numbers}`);
    await query(kind === 'mysql' ? 'ANALYZE TABLE agent_mail' : 'ANALYZE agent_mail');
  },
};

const configuration = `${AGENTS_AND_CONTACTS}card: { name: { from: name } }
match:
  keys:
    mail: { operator: { column: mail, table: agent_mail, on: { agent_id: id } }, person: mail }
`;

/** Branches are for reports alone. */
const branched = `${AGENTS_AND_CONTACTS.replace('name: [name] }', 'name: [name], branch: { column: mail, table: agent_mail, on: { agent_id: id } } }')}
card: { name: { from: name } }
match: { keys: { name: { operator: name, person: name } } }
`;

const WARNING = 'No index begins with agent_mail.agent_id: the whole table is read for each row';

describe.each(serverDatabases)('rows that no index finds, on $name', ({ fresh }) => {
  it('are named before anything is classified, with the statement that mends it', async () => {
    const database = await fresh(unindexed);
    await writeFile(join(database.folder, 'onecard.yaml'), configuration);
    for (const args of [['scan'], ['migrate', '--dry-run'], ['migrate', '--yes', '--allow-schema-changes']]) {
      const { code, stderr } = await onecardOn(database, args);
      expect(code, stderr).toBe(0);
      expect(stderr).toContain(WARNING);
      expect(stderr).toMatch(/→ CREATE INDEX \S+ ON \S+agent_mail\S* \(.agent_id.\);/);
    }
    await database.query('CREATE INDEX by_agent ON agent_mail (agent_id)');
    expect((await onecardOn(database, ['scan'])).stderr).not.toContain('No index');
  });

  it('are named only to those who read them', async () => {
    const database = await fresh(unindexed);
    await writeFile(join(database.folder, 'onecard.yaml'), branched);
    expect((await onecardOn(database, ['scan'])).stderr).not.toContain('No index');
    expect((await onecardOn(database, ['report'])).stderr).toContain(WARNING);
  });
});
