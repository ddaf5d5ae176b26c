import stringWidth from 'string-width';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** What a reader takes for the single characters of a text. */
export function charactersOf(text: string): string[] {
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/** All of them one column wide: ASCII, Latin letters without signs that may be shown as emoji, our own marks. */
const PLAIN = /^[ -~¡-¨ª-¬¯-ɏ…←→─]*$/;

/** Display columns; counting is a hundred times faster than measuring, and nearly always enough. */
export function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Keeps both ends of a row of characters and puts … between them, where it is wider than `width`. */
export function cutInTheMiddle(characters: readonly string[], width: number): string {
  const whole = characters.join('');
  if (widthOf(whole) <= width) return whole;
  const room = Math.max(0, width - 1);
  const head = asMuchAsFits(characters, Math.ceil(room / 2));
  const rest = characters.slice(head.length).reverse();
  const tail = asMuchAsFits(rest, room - widthOf(head.join(''))).reverse();
  return [...head, '…', ...tail].join('');
}

function asMuchAsFits(characters: readonly string[], width: number): string[] {
  let used = 0;
  const end = characters.findIndex((character) => {
    used += widthOf(character);
    return used > width;
  });
  return characters.slice(0, end === -1 ? characters.length : end);
}

/**
 * Lines of at most `width` columns, broken between words; a word longer than a line is broken where it must be.
 * Pass an array to keep words with blanks inside, such as quoted values, in one piece.
 */
export function wrap(text: string | readonly string[], width: number): string[] {
  const words = typeof text === 'string' ? text.split(' ') : text;
  const lines: string[] = [];
  let line: string | undefined;
  for (const word of words) {
    const longer: string = line === undefined ? word : `${line} ${word}`;
    if (widthOf(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== undefined) lines.push(line);
    const pieces = broken(word, width);
    lines.push(...pieces.slice(0, -1));
    line = pieces.at(-1);
  }
  return line === undefined ? lines : [...lines, line];
}

function broken(word: string, width: number): string[] {
  if (widthOf(word) <= width) return [word];
  const pieces: string[] = [];
  let rest = charactersOf(word);
  while (rest.length > 0) {
    const fitting = Math.max(1, asMuchAsFits(rest, width).length);
    pieces.push(rest.slice(0, fitting).join(''));
    rest = rest.slice(fitting);
  }
  return pieces;
}
