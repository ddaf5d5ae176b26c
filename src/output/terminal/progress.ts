import ora, { type Ora } from 'ora';
import { formatCount, formatDuration } from './amounts.js';
import { printable } from './printable.js';

export interface ProgressOptions {
  /** A moving line on a terminal; without it, or off a terminal, plain lines now and then. */
  readonly animate: boolean;
  /** Nothing but a failure is shown. */
  readonly quiet: boolean;
  /** What is being done, such as `applying`. */
  readonly label: string;
  readonly total?: number | undefined;
  /** Milliseconds; only differences count. */
  readonly now?: (() => number) | undefined;
}

export interface Progress {
  /** How many operators are done by now, those of an earlier run included. */
  update(done: number): void;
  /** Says why nothing moves, until the next update. */
  hold(why: string): void;
  /** A line of its own that stays. */
  note(text: string): void;
  succeed(text: string): void;
  fail(text: string): void;
  /** Without a word: another line says what it came to. */
  end(): void;
}

/** Long enough to even out batches and pauses, short enough to notice a change. */
const WINDOW = 10_000;
const PLAIN_LINE_EVERY = 5_000;

interface Sample {
  readonly at: number;
  readonly done: number;
}

/** Shows how far a piece of work is; end it with `succeed`, `fail` or `end`, after which it stays silent. */
export function createProgress(
  stream: NodeJS.WritableStream & { isTTY?: boolean; columns?: number },
  { animate, quiet, label, total, now = () => performance.now() }: ProgressOptions,
): Progress {
  const title = printable(label);
  const started = now();
  let samples: Sample[] = [];
  let lastLine = started;
  let ended = false;
  let held: string | undefined;
  const progressText = () =>
    [renderProgress(samples, now(), total), held]
      .filter((part) => part !== undefined && part !== '')
      .join('  ');
  // A terminal of unknown size says 0 columns, which the spinner divides by, and then clears lines for ever.
  const isSpinning = animate && !quiet && stream.isTTY === true && stream.columns !== 0;
  const spinner = isSpinning ? spin(stream, title, progressText) : undefined;

  const write = (text: string) => stream.write(`${text}\n`);
  const end = (mark: string, text: string, silent: boolean) => {
    if (ended) return;
    ended = true;
    spinner?.stop();
    if (!silent) write(`${mark} ${printable(text)}`);
  };

  return {
    update(done) {
      if (ended) return;
      held = undefined;
      samples = [...sinceWindow(samples, now()), { at: now(), done }];
      if (spinner !== undefined || quiet || now() - lastLine < PLAIN_LINE_EVERY) return;
      lastLine = now();
      write(`${title}  ${progressText()}`);
    },
    hold(why) {
      const text = printable(why);
      if (ended || held === text) return;
      held = text;
      if (spinner === undefined && !quiet) write(`${title}  ${text}`);
    },
    note(text) {
      if (quiet) return;
      spinner?.clear();
      write(printable(text));
    },
    succeed: (text) => end('✔', text, quiet),
    fail: (text) => end('✖', text, false),
    end: () => end('', '', true),
  };
}

function spin(stream: NodeJS.WritableStream, text: string, progressText: () => string): Ora {
  return ora({
    stream,
    text,
    // Asked for at every frame, so that the rate sinks while nothing moves.
    suffixText: () => ` ${progressText()}`,
    isEnabled: true,
    // Discarding input puts the terminal into raw mode, where Ctrl-C is no signal.
    discardStdin: false,
  }).start();
}

/** The newest sample before the window stays: the window's rate is measured from there. */
function sinceWindow(samples: readonly Sample[], now: number): Sample[] {
  const begin = samples.findLastIndex(({ at }) => at <= now - WINDOW);
  return samples.slice(Math.max(0, begin));
}

/** `12,000 / 98,000 operators  12 %  3,400/s  25 s left` */
function renderProgress(samples: readonly Sample[], now: number, total: number | undefined): string {
  const latest = samples.at(-1);
  if (latest === undefined) return '';
  const { done } = latest;
  const rate = rateOf(sinceWindow(samples, now), now);
  return [
    `${formatCount(done)}${total === undefined ? '' : ` / ${formatCount(total)}`} operators`,
    ...(total === undefined || total === 0 ? [] : [`${Math.min(100, Math.floor((100 * done) / total))} %`]),
    ...(rate === undefined ? [] : [`${formatRate(rate)}/s`]),
    ...(rate === undefined || total === undefined ? [] : timeLeft(total - done, rate)),
  ].join('  ');
}

/** Operators per second, or `undefined` where too little is known. */
function rateOf(samples: readonly Sample[], now: number): number | undefined {
  const [oldest] = samples;
  const latest = samples.at(-1);
  if (oldest === undefined || latest === undefined || now - oldest.at < 1000) return undefined;
  return (1000 * (latest.done - oldest.done)) / (now - oldest.at);
}

/** Two digits are all that holds from one second to the next. */
function formatRate(rate: number): string {
  const rounded = Number(rate.toPrecision(2));
  return rounded < 10 ? String(rounded) : formatCount(rounded);
}

function timeLeft(left: number, rate: number): string[] {
  if (left <= 0) return [];
  return rate > 0 ? [`${formatDuration((1000 * left) / rate)} left`] : ['waiting'];
}
