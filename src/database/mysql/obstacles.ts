import type { Obstacle } from '../database.js';

/** The server's variables that decide whether it may be written to; a server may lack some of them. */
export const DECISIVE = [
  'wsrep_on',
  'wsrep_provider',
  'log_bin',
  'binlog_format',
  'read_only',
  'innodb_read_only',
];

/** @param variables name → value, as SHOW VARIABLES gives them. */
export function mysqlObstacles(variables: ReadonlyMap<string, string>): Obstacle[] {
  const isOn = (name: string) => /^(on|1)$/i.test(variables.get(name) ?? '');
  const provider = variables.get('wsrep_provider') ?? '';
  const obstacles: Obstacle[] = [];
  if (isOn('wsrep_on') && provider !== '' && provider !== 'none') {
    obstacles.push({
      message:
        'The server is a node of a Galera cluster: its locks hold on this node alone, and a commit can fail for what another node wrote.',
      remedy: 'Rehearse on a single server; onecard does not run on Galera. Dry runs and scans work.',
    });
  }
  if (isOn('log_bin') && variables.get('binlog_format')?.toUpperCase() === 'STATEMENT') {
    obstacles.push({
      message:
        'The server logs statements for its replicas (binlog_format=STATEMENT), which would make other keys there.',
      remedy: 'Have it log rows first: SET GLOBAL binlog_format = ROW.',
    });
  }
  // Newer servers know more than one way to be read-only.
  const isReadOnly = isOn('read_only') || /^no_lock/i.test(variables.get('read_only') ?? '');
  if (isReadOnly || isOn('innodb_read_only')) {
    const name = isOn('innodb_read_only') ? 'innodb_read_only' : 'read_only';
    obstacles.push({
      message: `The database is read-only: ${name} is on.`,
      remedy: 'Run against the primary server; a dry run works on a replica.',
    });
  }
  return obstacles;
}
