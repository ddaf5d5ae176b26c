import pc from 'picocolors';

/** How text may look where it is shown. */
export interface Look {
  readonly color: boolean;
  /** Display columns; `Infinity` where nothing needs to fit. */
  readonly width: number;
}

/** What a piece of text is to the reader; colour only repeats what the words say. */
export type Tone = 'plain' | 'good' | 'change' | 'warning' | 'bad' | 'quiet' | 'strong';

export type Brush = Readonly<Record<Tone, (text: string) => string>>;

function brushOf(color: boolean): Brush {
  const { green, cyan, yellow, red, dim, bold } = pc.createColors(color);
  return {
    plain: (text) => text,
    good: green,
    change: cyan,
    warning: yellow,
    bad: red,
    quiet: dim,
    strong: bold,
  };
}

const colored = brushOf(true);
const bare = brushOf(false);

export function brushFor(look: Look): Brush {
  return look.color ? colored : bare;
}
