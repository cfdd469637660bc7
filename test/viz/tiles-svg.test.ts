import { decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { ParameterError, ShapeError } from '../../src/errors.js';
import { type TilesSvgOptions, tiles, tilesSvg } from '../../src/viz/index.js';
import { elementsOf } from './support.js';

const plain: TilesSvgOptions = { height: 1, width: 2, columns: 2, gap: 1, zoom: 20, theme: 'light' };
const rows = [
  [0, 1],
  [0.5, 0.25],
  [1, 0],
  [0, 0],
];
const texts = (svg: string) => elementsOf(svg).flatMap(({ name, text }) => (name === 'text' ? [text] : []));
const images = (svg: string) => elementsOf(svg).flatMap(({ name, attributes }) => (name === 'image' ? [attributes] : []));

/** Pixels of a picture in a document, as red, green and blue. */
function pixelsOf(href: string | undefined): { width: number; height: number; pixel: (x: number, y: number) => number[] } {
  const [kind, file] = href!.split(',');
  expect(kind).toBe('data:image/png;base64');
  const { width, height, data, palette } = decode(Buffer.from(file!, 'base64'));
  return { width, height, pixel: (x, y) => palette![data[y * width + x]!]! };
}

describe('tiles as a document', () => {
  test('hold the pixels of the picture, and enlarge them', () => {
    const svg = tilesSvg(rows, plain);
    const [picture, bar] = images(svg);
    expect(images(svg)).toHaveLength(2);
    const { width, height, pixel } = pixelsOf(picture!.href);
    const expected = tiles(rows, { height: 1, width: 2, columns: 2, gap: 1, zoom: 1 });
    expect({ width, height }).toEqual({ width: expected.width, height: expected.height });
    for (let i = 0; i < width * height; i++) {
      const level = expected.data[i];
      expect(pixel(i % width, Math.floor(i / width))).toEqual([level, level, level]);
    }
    expect(picture).toMatchObject({ width: String(20 * width), height: String(20 * height), style: 'image-rendering:pixelated' });
    expect(pixelsOf(bar!.href).width).toBe(256);
  });

  test('weights: the colours of the picture and one bar with its numbers, zero in the middle', () => {
    const weights = [
      [-1, 1],
      [0, 2],
    ];
    const options: TilesSvgOptions = { ...plain, range: 'symmetric', limit: 2, barLabel: 'weight' };
    const svg = tilesSvg(weights, options);
    expect(texts(svg)).toEqual(['weight', '−2', '0', '2', 'full colour from ±2 on']);
    const [picture, bar] = images(svg).map(({ href }) => pixelsOf(href));
    expect(picture!.pixel(4, 1)).toEqual([255, 255, 255]);
    expect(bar!.width).toBe(255);
    expect(bar!.pixel(127, 0)).toEqual([255, 255, 255]);
    expect(picture!.pixel(5, 1)).toEqual(bar!.pixel(254, 0));
    // On a scale of ±2 a weight of −1 is half-way to the blue end.
    expect(picture!.pixel(1, 1)).toEqual(bar!.pixel(63, 0));
  });

  test('say the limit that they chose, and how', () => {
    const weights = Array.from({ length: 1000 }, (_, i) => (i === 0 ? 50 : i % 2 ? 0.125 : -0.125));
    const svg = tilesSvg([weights], { height: 10, width: 100, range: 'symmetric' });
    expect(texts(svg)).toEqual(['−0.13', '0', '0.13', 'full colour from ±0.13 on: 99.5 % of the values lie within']);
    expect(texts(tilesSvg([[0, 0]], { height: 1, width: 2, range: 'symmetric' }))).toEqual(['0', 'all values are zero']);
  });

  test('numbers of the other ranges', () => {
    expect(texts(tilesSvg(rows, { ...plain, barLabel: 'probability' }))).toEqual(['probability', '0', '1']);
    expect(texts(tilesSvg(rows, { ...plain, range: 'each' }))).toEqual(['lowest', 'highest of each image']);
    expect(texts(tilesSvg(rows, { ...plain, bar: false }))).toEqual([]);
    expect(images(tilesSvg(rows, { ...plain, bar: false }))).toHaveLength(1);
  });

  test('dark pages get pictures and bars of their own', () => {
    const options: TilesSvgOptions = { ...plain, range: 'symmetric' };
    const auto = tilesSvg(rows, { ...options, theme: 'auto' });
    expect(tilesSvg(rows, { ...options, theme: undefined })).toBe(auto);
    const groups = elementsOf(auto).flatMap(({ name, attributes }) => (name === 'g' ? [attributes] : []));
    expect(groups).toEqual([
      { class: 'bk-light' },
      { class: 'bk-dark', display: 'none' },
      { class: 'bk-light' },
      { class: 'bk-dark', display: 'none' },
    ]);
    expect(auto).toContain('.bk-light{display:none}.bk-dark{display:inline}');
    const hrefs = (svg: string) => images(svg).map(({ href }) => href);
    const [light, dark] = (['light', 'dark'] as const).map((theme) => hrefs(tilesSvg(rows, { ...options, theme })));
    expect(hrefs(auto)).toEqual([light![0], dark![0], light![1], dark![1]]);
    expect(light![0]).not.toBe(dark![0]);
    // Greys are the same on both.
    expect(images(tilesSvg(rows, { ...plain, theme: 'auto' }))).toHaveLength(2);
  });

  test('captions over columns and tiles and beside rows, each at its place', () => {
    const at = (svg: string, content: string) => {
      const { attributes } = elementsOf(svg).find(({ name, text }) => name === 'text' && text === content)!;
      return [Number(attributes.x), Number(attributes.y)] as const;
    };
    const svg = tilesSvg(rows, { ...plain, title: 'Digits', captions: { columns: ['A', 'B'], rows: ['one', 'two'] } });
    const [picture] = images(svg);
    expect(at(svg, 'A')[0]).toBeCloseTo(Number(picture!.x) + 40);
    expect(at(svg, 'B')[0]).toBeCloseTo(Number(picture!.x) + 100);
    expect(at(svg, 'A')[1]).toBeLessThan(Number(picture!.y));
    expect(at(svg, 'Digits')[1]).toBeLessThan(at(svg, 'A')[1]);
    expect(at(svg, 'one')[0]).toBeLessThan(Number(picture!.x));
    expect(at(svg, 'two')[1] - at(svg, 'one')[1]).toBeCloseTo(40);

    const each = tilesSvg(rows, { ...plain, captions: { tiles: ['a', 'b', 'c', 'd'] } });
    const pictures = images(each).slice(0, 2);
    expect(pictures.map(({ height }) => height)).toEqual(['60', '60']);
    expect(at(each, 'c')[1]).toBeGreaterThan(Number(pictures[0]!.y) + 60);
    expect(at(each, 'c')[1]).toBeLessThan(Number(pictures[1]!.y));
    expect(at(each, 'b')[1]).toBe(at(each, 'a')[1]);
  });

  test('the last row of tiles may be short, also with captions', () => {
    const svg = tilesSvg(rows.slice(0, 3), { ...plain, captions: { tiles: ['a', 'b', 'c'] } });
    const last = pixelsOf(images(svg)[1]!.href);
    expect(last.pixel(1, 1)).toEqual([255, 255, 255]);
    expect(last.pixel(4, 1)).toEqual(last.pixel(0, 0));
  });

  test('long captions wrap or are cut off, and stay within the document', () => {
    const caption = 'word '.repeat(100).trim();
    const svg = tilesSvg(rows, {
      ...plain,
      caption,
      title: 'x'.repeat(500),
      captions: { columns: ['y'.repeat(99), ''], rows: ['z'.repeat(99), ''] },
    });
    const lines = texts(svg).filter((text) => text.startsWith('word'));
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.join(' ')).toBe(caption);
    for (const text of texts(svg)) expect(text.length).toBeLessThan(80);
    expect(texts(svg).filter((text) => text.endsWith('…'))).toHaveLength(3);
    const [root] = elementsOf(svg);
    const last = elementsOf(svg).findLast(({ name }) => name === 'text');
    expect(Number(last!.attributes.y)).toBeLessThan(Number(root!.attributes.height));
  });

  test('those who cannot see it are told what it shows', () => {
    const told = (options: object) =>
      elementsOf(tilesSvg(rows, { ...plain, ...options })).flatMap(({ name, text }) => (name === 'title' || name === 'desc' ? [text] : []));
    expect(told({ title: 'Filters', range: 'symmetric', limit: 0.5, barLabel: 'weight', caption: 'After 3 epochs.' })).toEqual([
      'Filters',
      '4 images of 1 × 2 pixels (weight), 2 side by side. Blue is negative, red positive; full colour from ±0.5 on. After 3 epochs.',
    ]);
    expect(told({})).toEqual(['4 images', '4 images of 1 × 2 pixels, 2 side by side. Black is 0, white is 1.']);
  });

  test('text from outside cannot break the document', () => {
    const hostile = '</text><script>alert(1)</script>&"\u0000\u000b\ud800]]>';
    const captions = { columns: [hostile, hostile], rows: [hostile, hostile], tiles: [hostile, hostile, hostile, hostile] };
    const svg = tilesSvg(rows, { ...plain, zoom: 900, title: hostile, caption: hostile, barLabel: hostile, captions });
    expect(elementsOf(svg).map(({ name }) => name)).not.toContain('script');
    expect(svg).not.toMatch(/[\u0000\u000b]/);
  });
});

describe('what cannot be drawn is refused', () => {
  test.each<[string, object, RegExp]>([
    ['an unknown option', { label: 'weight' }, /tilesSvg: there is no option `label`; known are height, .*, barLabel, bar, theme/],
    [
      'an unknown place of captions',
      { captions: { row: [] } },
      /tilesSvg: `captions`: there is no option `row` \(did you mean 'rows'\?\); known are tiles, columns, rows/,
    ],
    ['too few captions', { captions: { columns: ['a'] } }, /`captions.columns` must be an array of 2 texts, got an array/],
    ['captions that are numbers', { captions: { columns: ['a', 1] } }, /`captions.columns\[1\]` must be text, got 1/],
    ['a title that is a number', { title: 5 }, /tilesSvg: `title` must be text, got 5/],
    ['an unknown theme', { theme: 'blue' }, /`theme` must be 'auto' or 'light' or 'dark', got "blue"/],
    ['a bar that is text', { bar: 'yes' }, /`bar` must be true or false/],
    ['no height', { height: 0 }, /tilesSvg: `height` must be a whole number/],
  ])('%s', (_, options, message) => {
    expect(() => tilesSvg(rows, { ...plain, ...options })).toThrow(ParameterError);
    expect(() => tilesSvg(rows, { ...plain, ...options })).toThrow(message);
  });

  test('images of another size', () => {
    expect(() => tilesSvg([[0, 1, 2]], plain)).toThrow(ShapeError);
    expect(() => tilesSvg([[0, 1, 2]], plain)).toThrow('tilesSvg: `images` must have 2 columns (pixels), got 3');
  });
});
