import { describe, expect, test } from 'vitest';
import { ParameterError, ShapeError } from '../../src/errors.js';
import { type PreviewOptions, preview, terminalColours, tiles } from '../../src/viz/index.js';

const codes = /\u001b\[[\d;]*m/g;
const bare = (lines: string[]) => lines.map((line) => line.replaceAll(codes, ''));
const plain: PreviewOptions = { height: 2, width: 2, characters: 5, columns: 2, colours: '24-bit' };
const images = [
  [0, 1, 0.2, 0.4],
  [1, 1, 0, 0],
];

describe('a preview', () => {
  test('has two pixels to a character, the upper one in front and the lower one behind', () => {
    const [line, ...more] = preview(images, plain);
    expect(more).toEqual([]);
    const pair = (upper: number, lower: number) => `\u001b[38;2;${upper};${upper};${upper}m\u001b[48;2;${lower};${lower};${lower}m▀`;
    expect(line).toBe(`${pair(0, 51)}\u001b[0m${pair(255, 102)}\u001b[0m \u001b[38;2;255;255;255m\u001b[48;2;0;0;0m▀▀\u001b[0m`);
  });

  test('has lines of the width asked for, whatever the images are', () => {
    for (const [height, width, count] of [
      [28, 28, 10],
      [3, 5, 7],
      [1, 1, 1],
      [64, 9, 3],
    ] as const) {
      const data = Float32Array.from({ length: count * height * width }, (_, i) => Math.sin(i));
      for (const characters of [1, 7, 40, 80]) {
        for (const colours of ['24-bit', '256', 'none'] as const) {
          const lines = preview({ data, shape: [count, height * width] }, { height, width, characters, colours, range: 'symmetric' });
          expect(lines.length).toBeGreaterThan(0);
          for (const line of bare(lines)) expect(Array.from(line)).toHaveLength(characters);
          for (const line of lines) if (line.includes('\u001b')) expect(line).toMatch(/\u001b\[0m *$/);
        }
      }
    }
  });

  test('shows digits as five smaller ones in 80 characters, with a line of pixels between rows', () => {
    const lines = bare(preview({ data: new Float32Array(10 * 784), shape: [10, 784] }, { height: 28, width: 28, colours: '256' }));
    expect(lines).toHaveLength(15);
    expect(lines[0]!.trimEnd().split(' ')).toEqual(Array.from({ length: 5 }, () => '▀'.repeat(14)));
    expect(lines[7]!.trimEnd().split(' ')).toEqual(Array.from({ length: 5 }, () => '▄'.repeat(14)));
  });

  test('is smaller by a whole number, each pixel a mean, or larger', () => {
    const smaller = preview([[0, 1, 1, 1, 0, 1, 1, 1]], { height: 2, width: 4, characters: 2, columns: 1, colours: '24-bit' });
    expect(smaller).toHaveLength(1);
    expect(smaller[0]).toContain('38;2;128;128;128m');
    expect(smaller[0]).toContain('38;2;255;255;255m▀');
    expect(bare(preview([[0, 1]], { height: 1, width: 2, characters: 9, columns: 1, colours: '24-bit' }))).toEqual(
      Array.from({ length: 2 }, () => '▀▀▀▀▀▀▀▀ '),
    );
  });

  test('has the colours of the tiles for dark pages, on one scale', () => {
    const weights = [
      [-1, 0],
      [1, 0.5],
    ];
    const [line] = preview(weights, { height: 1, width: 2, characters: 5, columns: 2, colours: '24-bit', range: 'symmetric' });
    const { data } = tiles(weights, { height: 1, width: 2, columns: 2, gap: 0, zoom: 1, range: 'symmetric', theme: 'dark' });
    const expected = [0, 1, 2, 3].map((i) => `\u001b[38;2;${[...data.subarray(3 * i, 3 * i + 3)].join(';')}m▀`);
    expect(line).toBe(
      `${expected[0]}\u001b[0m${expected[1]}\u001b[0m \u001b[0m${expected[2]}\u001b[0m${expected[3]}\u001b[0m`.replace(' \u001b[0m', ' '),
    );
    const [light] = preview(weights, {
      height: 1,
      width: 2,
      characters: 5,
      columns: 2,
      colours: '24-bit',
      range: 'symmetric',
      theme: 'light',
    });
    expect(light).toContain('38;2;255;255;255m');
  });

  test('takes the nearest of 256 colours', () => {
    const shades = (values: number[][]) =>
      [
        ...preview(values, { height: 1, width: 1, characters: 1, columns: 1, colours: '256' })
          .join('')
          .matchAll(/38;5;(\d+)m/g),
      ].map(([, n]) => n);
    expect(shades([[0], [0.033], [0.5], [1]])).toEqual(['16', '232', '244', '231']);
  });

  test('without colours has shades, of both signs their own', () => {
    const shades = preview([[0, 0.2, 0.5, 0.8, 1]], { height: 1, width: 5, characters: 5, columns: 1, colours: 'none' });
    expect(shades).toEqual([' .+#@']);
    const weights = preview([[-1, -0.5, 0, 0.5, 1]], {
      height: 1,
      width: 5,
      characters: 5,
      columns: 1,
      colours: 'none',
      range: 'symmetric',
    });
    expect(weights).toEqual(['&~ +@']);
    // Upper and lower pixel together.
    expect(preview([[1, 0]], { height: 2, width: 1, characters: 1, columns: 1, colours: 'none' })).toEqual(['+']);
  });
});

describe('what a terminal can show', () => {
  test.each<[Record<string, string>, string]>([
    [{ TERM: 'xterm-256color', COLORTERM: 'truecolor' }, '24-bit'],
    [{ TERM: 'xterm-256color' }, '256'],
    [{ TERM: 'xterm-256color', COLORTERM: 'truecolor', NO_COLOR: '1' }, 'none'],
    [{ TERM: 'dumb' }, 'none'],
    [{}, 'none'],
  ])('%j', (environment, colours) => {
    expect(terminalColours(environment)).toBe(colours);
  });
});

describe('options that make no sense are refused', () => {
  test.each<[string, object, RegExp]>([
    ['an unknown one', { wide: 80 }, /preview: there is no option `wide`/],
    ['one of tiles', { zoom: 2 }, /preview: there is no option `zoom`/],
    ['no characters', { characters: 0 }, /preview: `characters` must be a whole number from 1/],
    ['more columns than fit', { columns: 4 }, /preview: `columns` must be a whole number from 1 to 3, got 4/],
    ['unknown colours', { colours: 'all' }, /`colours` must be '24-bit' or '256' or 'none', got "all"/],
  ])('%s', (_, options, message) => {
    expect(() => preview(images, { ...plain, ...options })).toThrow(ParameterError);
    expect(() => preview(images, { ...plain, ...options })).toThrow(message);
  });

  test('images of another size', () => {
    expect(() => preview([[1, 2, 3]], plain)).toThrow(ShapeError);
  });
});
