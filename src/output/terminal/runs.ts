import { formatCount } from './amounts.js';
import { brushFor, type Look } from './look.js';
import { printable } from './printable.js';
import { type Cell, renderTable } from './tables.js';

interface Overview {
  readonly holder: string | null;
  readonly runs: readonly {
    readonly run: string;
    readonly state: string;
    readonly isCutShort: boolean;
    readonly isPurged: boolean;
    readonly activity: string | null;
    readonly done: number;
    readonly actions: number | null;
    readonly changes: Readonly<Record<string, number>>;
    readonly actor: string;
    readonly ticket: string | null;
    readonly startedAt: string;
    readonly heartbeatAt: string;
  }[];
}

type Run = Overview['runs'][number];

/** The newest run first, how far each is, and who is at work now. */
export function renderRuns({ holder, runs }: Overview, look: Look): string {
  const brush = brushFor(look);
  if (runs.length === 0) return 'No run has been made on this database yet.';
  const table = renderTable({
    head: ['run', 'state', 'progress', 'written', 'not written', 'by', 'last sign of life'],
    rows: runs.map(rowOf),
    align: ['left', 'left', 'right', 'right', 'left'],
    whole: [0],
    look,
  });
  const [newest] = runs;
  const now =
    holder === null ? 'Nobody is at work on this database now.' : `At work now: ${printable(holder)}.`;
  const next =
    newest?.isCutShort === true
      ? `\n${brush.warning(`Run ${newest.run} was cut short.`)} ${remedyFor(newest)}`
      : '';
  return `${table}\n\n${now}${next}`;
}

const remedyFor = ({ state, run }: Run) =>
  state === 'rolling-back' ? `\`onecard rollback ${run}\` finishes it.` : '`onecard migrate` finishes it.';

function rowOf(run: Run): Cell[] {
  const { changes, actions, done } = run;
  const part = (state: string) => changes[state] ?? 0;
  const left = ['stale', 'failed', 'kept', 'rolled-back']
    .filter((state) => part(state) > 0)
    .map((state) => `${formatCount(part(state))} ${state}`);
  return [
    run.run,
    stateOf(run),
    actions === null
      ? 'planning'
      : `${formatCount(done)} / ${formatCount(actions)}${percentage(done, actions)}`,
    part('applied'),
    left.join(', '),
    run.ticket === null ? run.actor : `${run.actor}, ${run.ticket}`,
    run.heartbeatAt.replace('T', ' ').slice(0, 19),
  ];
}

const percentage = (done: number, actions: number) =>
  actions === 0 ? '' : `  ${Math.floor((100 * done) / actions)} %`;

function stateOf({ state, isCutShort, isPurged, activity }: Run): Cell {
  if (isPurged) return `${state}, purged`;
  if (isCutShort) return { text: `${state}, cut short`, tone: 'warning' };
  const why = activity === null || activity === 'working' ? '' : `, ${activity}`;
  return { text: `${state}${why}`, tone: state === 'done' ? 'good' : 'plain' };
}
