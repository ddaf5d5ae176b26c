import { describe, expect, it } from 'vitest';
import { mysqlObstacles } from '../../src/database/mysql/obstacles.js';

/** A plain server, apart from what is changed. */
const variables = (changed: Record<string, string> = {}) =>
  new Map(
    Object.entries({
      wsrep_on: 'OFF',
      wsrep_provider: 'none',
      log_bin: 'OFF',
      binlog_format: 'MIXED',
      read_only: 'OFF',
      innodb_read_only: 'OFF',
      ...changed,
    }),
  );

const messages = (changed?: Record<string, string>) =>
  mysqlObstacles(variables(changed)).map(({ message }) => message);

// No cluster can be started here: the decision is made from what the server says of itself.
describe('a run on MariaDB and MySQL', () => {
  it('goes ahead on a plain server, and on one that lacks the variables', () => {
    expect(messages()).toEqual([]);
    expect(mysqlObstacles(new Map())).toEqual([]);
  });

  it('is refused on a node of a Galera cluster', () => {
    const galera = { wsrep_on: 'ON', wsrep_provider: '/usr/lib/galera/libgalera_smm.so' };
    expect(messages(galera)).toEqual([expect.stringContaining('is a node of a Galera cluster')]);
    expect(messages({ ...galera, wsrep_on: '1' })).toHaveLength(1);
  });

  it('goes ahead where Galera is built in and not set up', () => {
    expect(messages({ wsrep_on: 'ON' })).toEqual([]);
    expect(messages({ wsrep_on: 'OFF', wsrep_provider: '/usr/lib/libgalera_smm.so' })).toEqual([]);
  });

  it('is refused where statements are logged, and only where there is a log', () => {
    expect(messages({ log_bin: 'ON', binlog_format: 'STATEMENT' })).toEqual([
      expect.stringContaining('binlog_format=STATEMENT'),
    ]);
    expect(messages({ log_bin: 'OFF', binlog_format: 'STATEMENT' })).toEqual([]);
    for (const format of ['ROW', 'MIXED'])
      expect(messages({ log_bin: 'ON', binlog_format: format })).toEqual([]);
  });

  it.each(['ON', '1', 'NO_LOCK', 'NO_LOCK_NO_ADMIN'])(
    'is refused on a server that is read-only: %s',
    (value) => {
      expect(messages({ read_only: value })).toEqual(['The database is read-only: read_only is on.']);
    },
  );

  it('is refused where InnoDB itself reads alone', () => {
    expect(messages({ innodb_read_only: 'ON' })).toEqual([
      'The database is read-only: innodb_read_only is on.',
    ]);
  });

  it('is told everything that is in its way', () => {
    expect(messages({ log_bin: 'ON', binlog_format: 'STATEMENT', read_only: 'ON' })).toHaveLength(2);
  });
});
