import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'fast-png';
import ndarray from 'ndarray';
import { describe, expect, test } from 'vitest';
import { ParameterError, ShapeError } from '../../src/errors.js';
import { encodePng, type Picture, type TileOptions, tiles, writePng } from '../../src/viz/index.js';
import { rejection, temporaryFolder } from '../data/support.js';

const plain: TileOptions = { height: 1, width: 2, columns: 2, gap: 0, zoom: 1 };
const pixel = ({ width, channels, data }: Picture, x: number, y: number) => [
  ...data.subarray((y * width + x) * channels, (y * width + x + 1) * channels),
];

describe('tiles are where and what they should be', () => {
  test('images go row by row, 0 black and 1 white', () => {
    const picture = tiles(
      [
        [0, 1],
        [0.5, 0.2],
        [1, 1],
      ],
      plain,
    );
    expect(picture).toMatchObject({ width: 4, height: 2, channels: 1 });
    expect([...picture.data]).toEqual([0, 255, 128, 51, 255, 255, 72, 72]);
  });

  test('gaps and zoom', () => {
    const picture = tiles(
      [
        [0, 1],
        [1, 0],
      ],
      { ...plain, gap: 1, zoom: 2 },
    );
    expect(picture).toMatchObject({ width: 14, height: 6 });
    const row = [72, 72, 0, 0, 255, 255, 72, 72, 255, 255, 0, 0, 72, 72];
    expect([...picture.data]).toEqual(
      [72, 72, row, row, 72, 72].flatMap((line) => (typeof line === 'number' ? new Array(14).fill(line) : line)),
    );
  });

  test('rows of an image below each other, also enlarged', () => {
    const picture = tiles([[0, 1, 0.2, 0.4]], { height: 2, width: 2, gap: 0, zoom: 2 });
    expect([...picture.data]).toEqual([0, 0, 255, 255, 0, 0, 255, 255, 51, 51, 102, 102, 51, 51, 102, 102]);
  });

  test('every documented form of rows, strided and with a scale', () => {
    const weights = ndarray(new Float32Array([0, 1, 1, 0]), [2, 2]).transpose(1, 0);
    expect([...tiles(weights, plain).data]).toEqual([0, 255, 255, 0]);
    expect([...tiles({ data: Uint8Array.of(0, 255, 51, 0), shape: [2, 1, 2], scale: 1 / 255 }, plain).data]).toEqual([0, 255, 51, 0]);
  });

  test('values beyond the range are clipped and NaN is black', () => {
    expect([
      ...tiles(
        [
          [-1, 7],
          [Number.NaN, Infinity],
        ],
        plain,
      ).data,
    ]).toEqual([0, 255, 0, 255]);
  });

  test('each image on its own scale', () => {
    const picture = tiles(
      [
        [-3, 5],
        [10, 10],
        [Number.NaN, 1],
      ],
      { ...plain, columns: 3, range: 'each' },
    );
    expect([...picture.data]).toEqual([0, 255, 0, 0, 0, 0]);
  });

  test('weights: blue below, white at and red above zero, on one scale', () => {
    const picture = tiles(
      [
        [-1, 1],
        [0, Number.NaN],
        [0.5, -0.5],
      ],
      { ...plain, columns: 3, range: 'symmetric', limit: 1 },
    );
    expect(picture.channels).toBe(3);
    const [blue, red] = [pixel(picture, 0, 0), pixel(picture, 1, 0)];
    expect(blue[2]).toBeGreaterThan(2 * blue[0]!);
    expect(red[0]).toBeGreaterThan(2 * red[2]!);
    expect([pixel(picture, 2, 0), pixel(picture, 3, 0)]).toEqual([
      [255, 255, 255],
      [255, 255, 255],
    ]);
    // Half the value is paler than the whole.
    expect(pixel(picture, 5, 0)[0]).toBeGreaterThan(blue[0]!);
    expect(pixel(picture, 4, 0)[2]).toBeGreaterThan(red[2]!);
  });

  test('weights for dark pages: zero is nearly black, both signs grow lighter', () => {
    const values = [[-1, -0.5, 0, 0.5, 1]];
    const picture = tiles(values, { height: 1, width: 5, gap: 0, zoom: 1, range: 'symmetric', limit: 1, theme: 'dark' });
    const colours = [0, 1, 2, 3, 4].map((x) => pixel(picture, x, 0));
    const lightness = colours.map((colour) => colour.reduce((sum, channel) => sum + channel, 0));
    expect(colours[2]).toEqual([21, 24, 29]);
    expect(lightness[0]).toBeGreaterThan(lightness[1]!);
    expect(lightness[1]).toBeGreaterThan(lightness[2]!);
    expect(lightness[3]).toBeGreaterThan(lightness[2]!);
    expect(lightness[4]).toBeGreaterThan(lightness[3]!);
    expect(colours[1]![2]).toBeGreaterThan(2 * colours[1]![0]!);
    expect(colours[3]![0]).toBeGreaterThan(2 * colours[3]![2]!);
    expect([...tiles(values, { height: 1, width: 5, theme: 'dark' }).data]).toEqual([...tiles(values, { height: 1, width: 5 }).data]);
  });

  test('one scale over all images: equal weights get equal colours whatever is beside them', () => {
    const picture = tiles(
      [
        [0.2, -0.2],
        [0.2, 4],
      ],
      { ...plain, range: 'symmetric' },
    );
    expect(pixel(picture, 0, 0)).toEqual(pixel(picture, 2, 0));
    const alone = tiles([[0.2, -0.2]], { ...plain, range: 'symmetric' });
    expect(pixel(picture, 0, 0)).not.toEqual(pixel(alone, 0, 0));
  });

  test('one extreme weight does not make the others pale', () => {
    const values = Array.from({ length: 1000 }, (_, i): number => (i % 2 ? 0.1 : -0.1));
    values[0] = 50;
    const picture = tiles({ data: values, shape: [1, 1000] }, { height: 1, width: 1000, zoom: 1, gap: 0, range: 'symmetric' });
    expect(pixel(picture, 1, 0)).toEqual(pixel(tiles([[1]], { height: 1, width: 1, zoom: 1, gap: 0, range: 'symmetric' }), 0, 0));
  });

  test('weights of zero are white', () => {
    expect([...tiles([[0, 0]], { ...plain, columns: 1, range: 'symmetric' }).data]).toEqual([255, 255, 255, 255, 255, 255]);
  });

  test('without wishes the picture is about square and large enough to look at', () => {
    const { width, height } = tiles({ data: new Float32Array(100 * 784), shape: [100, 784] }, { height: 28, width: 28 });
    expect(width).toBe(height);
    expect(width).toBeGreaterThan(600);
    expect(width).toBeLessThan(1500);
    expect(tiles([[1]], { height: 1, width: 1 }).width).toBe(24);
  });
});

describe('options that make no sense are refused', () => {
  test.each<[string, object, RegExp]>([
    ['no height', { height: 0 }, /tiles: `height` must be a whole number from 1 to 1000000, got 0/],
    ['half a pixel', { width: 1.5 }, /`width` must be a whole number/],
    ['no columns', { columns: 0 }, /`columns` must be a whole number from 1/],
    ['a negative gap', { gap: -1 }, /`gap` must be a whole number from 0/],
    ['NaN as zoom', { zoom: Number.NaN }, /`zoom` must be a whole number/],
    ['an unknown range', { range: 'log' }, /`range` must be 'unit' or 'symmetric' or 'each', got "log"/],
    ['a limit of zero', { range: 'symmetric', limit: 0 }, /`limit` must be a positive number, got 0/],
    ['a limit without its range', { limit: 1 }, /`limit` belongs to range 'symmetric', not to 'unit'/],
    ['an unknown theme', { theme: 'auto' }, /`theme` must be 'light' or 'dark', got "auto"/],
    [
      'an option that there is not',
      { colums: 2 },
      /tiles: there is no option `colums` \(did you mean 'columns'\?\); known are height, width, columns/,
    ],
    ['a picture beyond reason', { zoom: 100_000 }, /the picture would have \d+ × \d+ pixels/],
  ])('%s', (_, options, message) => {
    expect(() => tiles([[0, 1]], { ...plain, ...options })).toThrow(ParameterError);
    expect(() => tiles([[0, 1]], { ...plain, ...options })).toThrow(message);
  });

  test('images of another size', () => {
    expect(() => tiles([[0, 1, 2]], plain)).toThrow(ShapeError);
    expect(() => tiles([[0, 1, 2]], plain)).toThrow('tiles: `images` must have 2 columns (pixels), got 3');
  });
});

describe('a PNG holds exactly the picture', () => {
  const folder = temporaryFolder();

  test.each<[string, TileOptions['range']]>([
    ['grey', 'unit'],
    ['colour', 'symmetric'],
  ])('%s', async (_, range = 'unit') => {
    const picture = tiles(
      [
        [0, 1],
        [0.25, 0.5],
        [1, 0],
      ],
      { ...plain, gap: 1, range },
    );
    const path = join(folder.path, 'a.png');
    await writePng(path, picture);
    const { width, height, channels, data, depth } = decode(readFileSync(path));
    expect({ width, height, channels, data: new Uint8Array(data), depth }).toEqual({ ...picture, depth: 8 });
  });

  test('a picture with anything else in it is refused: it would be another picture', () => {
    const picture = { ...tiles([[0, 1]], plain), palette: [[0, 0, 0]] };
    expect(() => encodePng(picture)).toThrow('encodePng: `picture`: there is no option `palette`; known are width, height, channels, data');
  });

  test('data that do not fit are refused', async () => {
    const bad = { width: 2, height: 2, channels: 3, data: new Uint8Array(4) } as const;
    expect(() => encodePng(bad)).toThrow('encodePng: `picture` must have width × height × channels bytes (2 × 2 × 3)');
    expect(await rejection(writePng(join(folder.path, 'b.png'), bad))).toBeInstanceOf(ParameterError);
  });
});
