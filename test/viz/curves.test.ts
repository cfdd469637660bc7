import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ParameterError } from '../../src/errors.js';
import { curves, type Panel, type Series, writeSvg } from '../../src/viz/index.js';
import { thinned } from '../../src/viz/series.js';
import { localMean } from '../../src/viz/smoothing.js';
import { axis, position } from '../../src/viz/ticks.js';
import { temporaryFolder } from '../data/support.js';
import { elementsOf } from './support.js';

const texts = (svg: string) =>
  elementsOf(svg)
    .filter(({ name }) => name === 'text')
    .map(({ text }) => text);
const paths = (svg: string) => elementsOf(svg).filter(({ name }) => name === 'path');

describe('a chart shows what it was given', () => {
  const training: Series = { name: 'training', y: [-100, -80, -75] };

  test('titles, labels, legend and round marks', () => {
    const svg = curves(
      [{ title: 'Pseudo-likelihood', xLabel: 'epoch', yLabel: 'nats', series: [training, { ...training, name: 'validation' }] }],
      {
        title: 'A run',
      },
    );
    for (const expected of ['A run', 'Pseudo-likelihood', 'epoch', 'nats', 'training', 'validation', '1', '2', '3', '−80', '−90']) {
      expect(texts(svg)).toContain(expected);
    }
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  });

  test('higher values are drawn higher, later ones further right', () => {
    const [path] = paths(curves([training]));
    const points = [...path!.attributes.d!.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
    expect(points).toHaveLength(3);
    expect(points[0]![0]).toBeLessThan(points[1]![0]!);
    expect(points[0]![1]).toBeGreaterThan(points[1]![1]!);
    expect(points[1]![1]).toBeGreaterThan(points[2]![1]!);
  });

  test('several panels side by side and below each other', () => {
    const panel = (title: string): Panel => ({ title, series: [training] });
    const [svg] = elementsOf(curves(['a', 'b', 'c'].map(panel), { columns: 2, width: 200, height: 150 }));
    expect(svg!.attributes).toMatchObject({ width: '460', height: '360', viewBox: '0 0 460 360' });
  });

  test('missing values are gaps, not zeros; a lone value between gaps is a dot', () => {
    const svg = curves([{ name: 'a', y: [1, 2, Number.NaN, 4, Number.NaN, 6, 7] }]);
    expect(paths(svg)[0]!.attributes.d!.match(/M/g)).toHaveLength(3);
    const long = Array.from({ length: 100 }, (_, i) => (i === 48 || i === 50 ? Number.NaN : i));
    expect(elementsOf(curves([{ name: 'a', y: long }])).filter(({ name }) => name === 'circle')).toHaveLength(1);
  });

  test('a series without any value is left out of the legend, a chart without any says so', () => {
    const nothing: Series = { name: 'validation', y: [Number.NaN, Number.NaN] };
    expect(texts(curves([training, nothing]))).not.toContain('validation');
    expect(texts(curves([nothing]))).toContain('no values');
    expect(texts(curves([{ series: [] }]))).toContain('no values');
    expect(elementsOf(curves([]))).not.toHaveLength(0);
  });

  test('bands lie behind their line and count for the axis', () => {
    const svg = curves([{ name: 'a', y: [1, 2], band: { low: [0, 1], high: [2, 30] } }]);
    const [band, line] = paths(svg);
    expect(band!.attributes['fill-opacity']).toBe('0.18');
    expect(line!.attributes.fill).toBe('none');
    expect(texts(svg)).toContain('30');
  });

  test('the interval of a lone point is a bar', () => {
    const svg = curves([{ name: 'a', x: [3], y: [2], band: { low: [1], high: [4] } }]);
    const [bar] = paths(svg);
    expect(bar!.attributes).toMatchObject({ 'stroke-width': '6', 'stroke-opacity': '0.25' });
    expect(bar!.attributes.d).toMatch(/^M([\d.]+) [\d.]+L\1 [\d.]+$/);
  });

  test('smoothed: the mean in full colour over the pale values, and its window in the legend', () => {
    const y = Array.from({ length: 40 }, (_, i) => i + (i % 2 ? 5 : -5));
    const svg = curves([{ name: 'noisy', y, smooth: 9 }]);
    const [values, mean] = paths(svg);
    expect(values!.attributes).toMatchObject({ 'stroke-opacity': '0.35', 'stroke-width': '1' });
    expect(mean!.attributes['stroke-opacity']).toBeUndefined();
    expect(mean!.attributes.stroke).toBe(values!.attributes.stroke);
    expect(texts(svg)).toContain('noisy, local mean of 9');
    const heights = (d: string | undefined) => [...d!.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, at]) => Number(at));
    const rises = (list: number[]) => list.filter((at, i) => i > 0 && at > list[i - 1]!).length;
    expect(rises(heights(values!.attributes.d))).toBeGreaterThan(15);
    expect(rises(heights(mean!.attributes.d).slice(5, 35))).toBe(0);
  });

  test('a baseline goes across the chart, dashed, by its name, and counts for the axis', () => {
    const svg = curves([{ series: [training], baselines: [{ name: 'independent units', y: -206 }] }]);
    expect(texts(svg)).toContain('independent units');
    expect(texts(svg)).toContain('−200');
    const dashed = elementsOf(svg).filter(({ name, attributes }) => name === 'line' && attributes['stroke-dasharray'] === '6 4');
    const across = dashed.find(({ attributes }) => Number(attributes.x2) - Number(attributes.x1) > 300);
    expect(across!.attributes.y1).toBe(across!.attributes.y2);
    expect(texts(curves([{ series: [], baselines: [{ name: 'alone', y: 1 }] }]))).toEqual(expect.arrayContaining(['no values']));
  });

  test('those who cannot see it are told what it shows', () => {
    const panel: Panel = {
      title: 'Learning',
      xLabel: 'epoch',
      yLabel: 'nats',
      series: [training],
      baselines: [{ name: 'chance', y: -120 }],
    };
    const told = (svg: string) => elementsOf(svg).filter(({ name }) => name === 'title' || name === 'desc');
    expect(told(curves([panel])).map(({ text }) => text)).toEqual([
      'Learning',
      'Learning, nats over epoch: training from −100 at 1 to −75 at 3, between −100 and −75; chance at −120.',
    ]);
    expect(told(curves([panel], { title: 'A run' }))[0]!.text).toBe('A run');
    expect(told(curves([])).map(({ text }) => text)).toEqual(['Line chart', 'No values.']);
  });

  test('light, with dark colours where the screen is dark; or one of both for good', () => {
    const panel: Panel = { title: 'a', series: [training, { ...training, name: 'mine', colour: 'teal' }] };
    const [auto, light, dark] = (['auto', 'light', 'dark'] as const).map((theme) => curves([panel], { theme }));
    expect(curves([panel])).toBe(auto);
    const style = elementsOf(auto!).find(({ name }) => name === 'style')!.text;
    expect(style).toMatch(/^@media screen and \(prefers-color-scheme:dark\)\{.*\}$/);
    const classes = new Set(elementsOf(auto!).flatMap(({ attributes }) => attributes.class ?? []));
    expect(classes.size).toBeGreaterThan(4);
    for (const name of classes) expect(style).toContain(`.${name}{`);
    expect(light).not.toMatch(/<style|class=/);
    expect(dark).not.toMatch(/<style|class=/);
    expect(auto!.replace(/\n<style>.*<\/style>/, '').replaceAll(/ class="[^"]*"/g, '')).toBe(light);
    const page = (svg: string) => elementsOf(svg).find(({ name }) => name === 'rect')!.attributes.fill;
    expect([page(light!), page(dark!)]).toEqual(['#ffffff', '#15181d']);
    expect(dark).toContain('stroke="teal"');
  });

  test('on a logarithmic axis powers of ten are evenly spaced and what is not positive is a gap', () => {
    const svg = curves([{ yScale: 'log', series: [{ name: 'a', y: [1, 10, 100, 0, -5, 1000] }] }]);
    expect(texts(svg)).toEqual(expect.arrayContaining(['1', '10', '100', '1000']));
    const ys = [...paths(svg)[0]!.attributes.d!.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, y]) => Number(y));
    expect(ys[0]! - ys[1]!).toBeCloseTo(ys[1]! - ys[2]!, 1);
    expect(ys).toHaveLength(4);
  });

  test('text from outside cannot break the document', () => {
    const name = '<script>&"\u0000\ud800\u000b]]>';
    const svg = curves([{ title: name, xLabel: name, series: [{ ...training, name, colour: '"/><script>' }] }], { title: name });
    expect(elementsOf(svg).map((item) => item.name)).not.toContain('script');
    expect(svg).not.toMatch(/[\u0000\u000b]/);
  });

  test('the file holds the document', async () => {
    const path = join(temporaryFolder().path, 'a.svg');
    await writeSvg(path, curves([training]));
    expect(readFileSync(path, 'utf8')).toBe(curves([training]));
    await expect(writeSvg(path, undefined as never)).rejects.toThrow(ParameterError);
  });
});

describe('any values give a well-formed document without NaN in it', () => {
  const values = fc.array(fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, 5e-324, Number.MAX_VALUE, -1.7e308, Number.NaN)), {
    maxLength: 12,
  });

  test('on both scales', () => {
    fc.assert(
      fc.property(values, fc.boolean(), fc.string(), (y, log, name) => {
        const svg = curves([
          { yScale: log ? 'log' : 'linear', series: [{ name, y, x: y.map((_, i) => i * 1.5), band: { low: y, high: y } }] },
        ]);
        expect(elementsOf(svg).length).toBeGreaterThan(0);
        expect(svg.replace(/<text[^>]*>[^<]*<\/text>/g, '')).not.toMatch(/NaN|Infinity|undefined/);
      }),
      { numRuns: 500 },
    );
  });

  test('a million points make a small document with the same extremes', () => {
    const y = Float64Array.from({ length: 1e6 }, (_, i) => Math.sin(i / 1e4));
    y[123_456] = 5;
    const svg = curves([{ name: 'a', y }]);
    expect(svg.length).toBeLessThan(60_000);
    expect(texts(svg)).toContain('5');
  });

  test('thinning keeps the lowest and highest of every stretch, in order, and the gaps', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.double({ noNaN: true }), fc.constant(Number.NaN)), { minLength: 1, maxLength: 300 }), (y) => {
        const points = y.map((value, x) => ({ x, y: value, low: Number.NaN, high: Number.NaN }));
        const kept = thinned(points, 40);
        expect(kept.length).toBeLessThanOrEqual(Math.max(40, 70));
        const drawn = kept.filter((point) => !Number.isNaN(point.y));
        const all = y.filter((value) => !Number.isNaN(value));
        expect(Math.max(...drawn.map((point) => point.y))).toBe(Math.max(...all));
        expect(Math.min(...drawn.map((point) => point.y))).toBe(Math.min(...all));
        expect(drawn.map((point) => point.x)).toEqual(drawn.map((point) => point.x).sort((a, b) => a - b));
      }),
    );
  });
});

describe('a local mean', () => {
  test('weighs by a triangle, shrinks at the beginning and is cut off at the end', () => {
    expect([...localMean([0, 0, 4, 0, 0], 3)]).toEqual([0, 1, 2, 1, 0]);
    // The first is alone; the last window has its point, weighted 2, and the one before.
    expect([...localMean([8, 0, 0, 6], 3)]).toEqual([8, 2, 1.5, 4]);
    expect([...localMean([100, 0, 0, 0, 0, 0], 5)].slice(0, 2)).toEqual([100, 25]);
  });

  test('leaves a straight line as it is, up to the end that is cut off', () => {
    const line = Array.from({ length: 50 }, (_, i) => 3 * i - 7);
    for (const [i, value] of localMean(line, 11).subarray(0, 45).entries()) expect(value).toBeCloseTo(line[i]!, 10);
  });

  test('leaves out what is missing, and leaves it missing', () => {
    expect([...localMean([1, Number.NaN, 3, 5], 3)]).toEqual([1, Number.NaN, 11 / 3, 13 / 3]);
  });
});

describe('axes have round marks inside their range', () => {
  test.each<[number, number, number, string[]]>([
    [0, 1, 5, ['0.0', '0.2', '0.4', '0.6', '0.8', '1.0']],
    [-0.3, 0.3, 3, ['−0.2', '0.0', '0.2']],
    [97, 103, 5, ['97', '98', '99', '100', '101', '102', '103']],
    [0, 3e6, 3, ['0', '1e6', '2e6', '3e6']],
    [1e-6, 3e-6, 2, ['1e−6', '2e−6', '3e−6']],
    [5, 5, 5, ['4.6', '4.8', '5.0', '5.2', '5.4']],
  ])('%d to %d', (low, high, count, labels) => {
    expect(axis([low, high], count).ticks.map(({ label }) => label)).toEqual(labels);
  });

  test('counts of epochs have whole marks', () => {
    expect(axis([1, 2], 8, { whole: true }).ticks.map(({ label }) => label)).toEqual(['1', '2']);
    expect(axis([1, 1], 8, { whole: true }).ticks.map(({ label }) => label)).toEqual(['0', '1', '2']);
  });

  test('for any range there are some, few, rising and inside', () => {
    const bound = fc.double({ min: -1e200, max: 1e200, noNaN: true });
    fc.assert(
      fc.property(bound, bound, fc.integer({ min: 2, max: 10 }), (a, b, count) => {
        const made = axis([Math.min(a, b), Math.max(a, b)], count);
        expect(made.ticks.length).toBeLessThanOrEqual(2 * count + 2);
        for (const [i, { value }] of made.ticks.entries()) {
          expect(position(made, value)).toBeGreaterThan(-0.01);
          expect(position(made, value)).toBeLessThan(1.01);
          if (i > 0) expect(value).toBeGreaterThan(made.ticks[i - 1]!.value);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('what cannot be drawn is refused', () => {
  const y = [1, 2];
  test.each<[string, unknown, RegExp]>([
    ['no array', undefined, /curves: `charts` must be an array of panels or series, got undefined/],
    ['a number among series', [{ name: 'a', y }, 5], /`charts\[1\]` must be a series like the others, got 5/],
    [
      'a series among panels',
      [{ series: [] }, { name: 'a', y }],
      /`charts\[1\]` must be a panel \(with an array `series`\) like the others/,
    ],
    ['a panel without its list', [{ series: [] }, { series: 5 }], /`charts\[1\]` must be a panel/],
    ['a series that is no object', [{ series: [null] }], /a series must be an object, got null/],
    ['no name', [{ y }], /the `name` of a series must be text, got undefined/],
    ['no values', [{ name: 'a' }], /`y` of "a" must be an array of numbers, got undefined/],
    ['places of another length', [{ name: 'a', y, x: [1] }], /`x` of "a" must have 2 entries like `y`, got 1/],
    ['charts without end', new Array(2 ** 32 - 1), /`charts` must have at most 1000 entries, got 4294967295/],
    ['series without end', [{ series: new Array(2 ** 32 - 1) }], /`charts\[0\].series` must have at most 1000 entries/],
    ['values without end', [{ name: 'a', y: new Array(2 ** 32 - 1) }], /`y` of "a" must have at most 4194304 entries, got 4294967295/],
    [
      'a misspelt name in a series',
      [{ name: 'a', y, color: 'red' }],
      /`charts\[0\]`: there is no option `color` \(did you mean 'colour'\?\); known are name, y, x, band, smooth, colour, dashed/,
    ],
    ['a misspelt name in a panel', [{ series: [], ylabel: 'nats' }], /`charts\[0\]`: there is no option `ylabel`/],
    ['a misspelt name deep down', [{ series: [{ name: 'a', y, dash: true }] }], /`charts\[0\].series\[0\]`: there is no option `dash`/],
    ['a misspelt name in a band', [{ name: 'a', y, band: { low: y, hi: y } }], /`band` of "a": there is no option `hi`/],
    [
      'a misspelt name in a baseline',
      [{ series: [], baselines: [{ name: 'b', value: 1 }] }],
      /`charts\[0\].baselines\[0\]`: there is no option `value`/,
    ],
    ['a baseline nowhere', [{ series: [], baselines: [{ name: 'b', y: Number.NaN }] }], /`y` must be a finite number, got NaN/],
    [
      'a baseline that no logarithm has',
      [{ yScale: 'log', series: [], baselines: [{ name: 'b', y: 0 }] }],
      /`y` must be a positive number, got 0/,
    ],
    ['an even window', [{ name: 'a', y, smooth: 4 }], /`smooth` must be an odd number of points from 3 to 999, got 4/],
    ['a window of one', [{ name: 'a', y, smooth: 1 }], /`smooth` must be an odd number/],
    ['half a window', [{ name: 'a', y, smooth: 3.5 }], /`smooth` must be a whole number/],
    ['a colour that is a number', [{ name: 'a', y, colour: 7 }], /`colour` must be a CSS colour, got 7/],
    ['an unknown scale', [{ series: [], yScale: 'sqrt' }], /`yScale` must be 'linear' or 'log', got "sqrt"/],
    ['a band of another length', [{ name: 'a', y, band: { low: y, high: [1] } }], /`band.high` of "a" must have 2 entries/],
  ])('%s', (_, charts, message) => {
    expect(() => curves(charts as Series[])).toThrow(ParameterError);
    expect(() => curves(charts as Series[])).toThrow(message);
  });

  test.each<[object]>([[{ width: 0 }], [{ height: Number.NaN }], [{ columns: 0 }], [{ columns: 1.5 }]])('option %j', (options) => {
    expect(() => curves([], options)).toThrow(/curves: `\w+` must be a whole number from/);
  });

  test('options that there are not', () => {
    expect(() => curves([], { theme: 'sepia' } as never)).toThrow(/curves: `theme` must be 'auto' or 'light' or 'dark', got "sepia"/);
    expect(() => curves([], { Title: 'a' } as never)).toThrow(/curves: there is no option `Title`/);
  });
});
