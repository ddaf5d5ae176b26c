import { Writable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { createProgress, type ProgressOptions } from '../../../src/output/terminal/progress.js';

/** Collects what is written; as a terminal, it takes cursor movements without doing them. */
class Screen extends Writable {
  readonly isTTY: boolean;
  readonly columns = 100;
  text = '';

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    this.text += String(chunk);
    done();
  }

  cursorTo(): void {}
  moveCursor(): void {}
  clearLine(): void {}
}

function onScreen(options: Partial<ProgressOptions> = {}, screen = new Screen(false)) {
  let time = 1_000_000;
  const now = () => time;
  const progress = createProgress(screen, {
    animate: true,
    quiet: false,
    label: 'applying',
    now,
    ...options,
  });
  const later = (seconds: number, done: number) => {
    time += seconds * 1000;
    progress.update(done);
  };
  const pass = (seconds: number) => {
    time += seconds * 1000;
  };
  return { screen, progress, later, pass, lines: () => screen.text.split('\n').slice(0, -1) };
}

describe('off a terminal', () => {
  it('says how far it is, how fast, and how long it will take', () => {
    const { later, lines } = onScreen({ total: 98_000 });
    later(0, 0);
    later(5, 17_150);
    expect(lines()).toEqual(['applying  17,150 / 98,000 operators  17 %  3,400/s  24 s left']);
  });

  it('writes at most one line in five seconds', () => {
    const { later, lines } = onScreen({ total: 1000 });
    for (let done = 0; done <= 100; done++) later(0.15, done);
    expect(lines()).toHaveLength(2);
  });

  it('knows no percentage and no time left without a total', () => {
    const { later, lines } = onScreen({ label: 'scanning' });
    later(0, 0);
    later(10, 500);
    expect(lines()).toEqual(['scanning  500 operators  50/s']);
  });

  it('does not count what an earlier run did as its own speed', () => {
    const { later, lines } = onScreen({ total: 100_000 });
    later(0, 50_000);
    later(5, 50_500);
    expect(lines().at(-1)).toBe('applying  50,500 / 100,000 operators  50 %  100/s  8 min 20 s left');
  });

  it('forgets the speed of long ago', () => {
    const { later, lines } = onScreen({ total: 100_000 });
    later(0, 0);
    for (let second = 1; second <= 60; second++) later(1, second * 1000);
    for (let second = 1; second <= 20; second++) later(1, 60_000 + second * 10);
    expect(lines().at(-1)).toContain('  10/s  ');
  });

  it('says that it waits when nothing moves', () => {
    const { later, lines } = onScreen({ total: 100 });
    later(0, 0);
    later(1, 50);
    later(20, 50);
    later(20, 50);
    expect(lines().at(-1)).toBe('applying  50 / 100 operators  50 %  0/s  waiting');
  });

  it('never says 100 % before the end', () => {
    const { later, lines } = onScreen({ total: 1000 });
    later(0, 0);
    later(6, 999);
    later(6, 1000);
    expect(lines()[0]).toContain('  99 %  ');
    expect(lines()[1]).toBe('applying  1,000 / 1,000 operators  100 %  83/s');
  });

  it('keeps notes and the end as lines, and is silent afterwards', () => {
    const { progress, later, screen } = onScreen({ total: 10 });
    progress.note('deadlock, trying again');
    progress.succeed('10 operators done');
    progress.fail('too late');
    later(60, 10);
    expect(screen.text).toBe('deadlock, trying again\n✔ 10 operators done\n');
  });

  it('shows nothing but a failure when quiet', () => {
    const { progress, later, screen } = onScreen({ quiet: true }, new Screen(true));
    later(60, 10);
    progress.note('deadlock, trying again');
    progress.fail('connection lost');
    expect(screen.text).toBe('✖ connection lost\n');
  });

  it('never lets data act on the terminal', () => {
    const { progress, screen } = onScreen();
    progress.note('operator \x1b[2J');
    progress.fail('operator \u202e');
    expect(screen.text).toBe('operator \\x1b[2J\n✖ operator \\u{202e}\n');
  });
});

describe('on a terminal', () => {
  it('moves one line, slows down while nothing moves, and leaves the end only', async () => {
    const { progress, later, pass, screen } = onScreen({ total: 98_000 }, new Screen(true));
    later(0, 0);
    later(5, 17_150);
    await vi.waitFor(() => {
      expect(screen.text).toContain('applying  17,150 / 98,000 operators  17 %  3,400/s  24 s left');
    });
    expect(screen.text).not.toContain('\n');

    pass(5);
    await vi.waitFor(() => expect(screen.text).toContain('1,700/s'));
    pass(10);
    await vi.waitFor(() => expect(screen.text).toContain('0/s  waiting'));

    progress.succeed('98,000 operators done');
    expect(screen.text).toMatch(/✔ 98,000 operators done\n$/);
    const { length } = screen.text;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(screen.text).toHaveLength(length);
  });

  it('writes plain lines where animation is unwanted', () => {
    const { later, screen } = onScreen({ animate: false, total: 10 }, new Screen(true));
    later(0, 0);
    later(5, 5);
    expect(screen.text).toBe('applying  5 / 10 operators  50 %  1/s  5 s left\n');
  });
});
