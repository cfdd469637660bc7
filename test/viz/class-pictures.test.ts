import { describe, expect, test } from 'vitest';
import { ParameterError, ShapeError } from '../../src/errors.js';
import { confusionPicture, pointMap, reliabilityDiagram } from '../../src/viz/index.js';
import { elementsOf } from './support.js';

const texts = (svg: string) => elementsOf(svg).flatMap(({ name, text }) => (name === 'text' ? [text] : []));
const told = (svg: string) => elementsOf(svg).flatMap(({ name, text }) => (name === 'title' || name === 'desc' ? [text] : []));
const at = (svg: string, content: string) => {
  const { attributes } = elementsOf(svg).find(({ name, text }) => name === 'text' && text === content)!;
  return [Number(attributes.x), Number(attributes.y)] as const;
};
const rects = (svg: string, fill: string) =>
  elementsOf(svg).flatMap(({ name, attributes }) => (name === 'rect' && attributes.fill === fill ? [attributes] : []));
const hostile = '</text><script>alert(1)</script>&"\u0000\ud800';
const [blue, orange, green] = ['#0072b2', '#d55e00', '#009e73'];

/** Every text and shape lies within its document. */
function expectInside(svg: string): void {
  const [root, ...parts] = elementsOf(svg);
  const [width, height] = [Number(root!.attributes.width), Number(root!.attributes.height)];
  for (const { attributes } of parts) {
    for (const key of ['x', 'x1', 'x2', 'cx'])
      if (attributes[key] !== undefined) expect(Number(attributes[key])).toBeLessThanOrEqual(width);
    for (const key of ['y', 'y1', 'y2', 'cy'])
      if (attributes[key] !== undefined) expect(Number(attributes[key])).toBeLessThanOrEqual(height);
  }
}

describe('the picture of a confusion matrix', () => {
  const counts = [
    [8, 2, 0],
    [0, 5, 0],
    [0, 1, 0],
  ];

  test('holds counts, what was found and what is right', () => {
    const svg = confusionPicture(counts, { theme: 'light' });
    expect(texts(svg).sort()).toEqual(
      [
        '8',
        '2',
        '5',
        '1',
        '0',
        '0',
        '0',
        '1',
        '1',
        '2',
        '2',
        '80.0',
        '100.0',
        '0.0',
        '100.0',
        '62.5',
        '–',
        'taken for',
        'what it is',
        'found, %',
        'right, %',
      ].sort(),
    );
    expectInside(svg);
  });

  test('right answers are blue by their share, wrong ones orange by their share of the worst', () => {
    const svg = confusionPicture(counts, { theme: 'light' });
    const opacities = (fill: string) => rects(svg, fill).map((rect) => Number(rect['fill-opacity']));
    // 80 % and all; the third class has no right answer.
    expect(opacities(blue!)).toEqual([0.74, 0.9]);
    // 20 % of the first class, 100 % of the third, which is the worst.
    expect(opacities(orange!)).toEqual([0.21, 0.65]);
    const [first, second] = rects(svg, blue!);
    expect(Number(second!.x)).toBeGreaterThan(Number(first!.x));
    expect(Number(second!.y)).toBeGreaterThan(Number(first!.y));
  });

  test('rows are what things are, columns what they were taken for', () => {
    const svg = confusionPicture(
      [
        [0, 7],
        [0, 0],
      ],
      { theme: 'light', classes: ['cat', 'dog'] },
    );
    const [wrong] = rects(svg, orange!);
    const cats = elementsOf(svg)
      .filter(({ text }) => text === 'cat')
      .map(({ attributes }) => attributes);
    const beside = cats.find(({ 'text-anchor': anchor }) => anchor === 'end')!;
    expect(Math.abs(Number(beside.y) - Number(wrong!.y) - Number(wrong!.height) / 2)).toBeLessThan(6);
    expect(Number(wrong!.x)).toBeGreaterThan(Number(beside.x) + Number(wrong!.width));
  });

  test('says what it shows, and takes any names', () => {
    expect(told(confusionPicture(counts, { title: 'Digits', caption: 'Test set.' }))).toEqual([
      'Digits',
      '3 classes, 16 rows, 13 of them taken for what they are. Most often taken: 0 for 1 2 times, 2 for 1 1 times. Test set.',
    ]);
    expect(told(confusionPicture([[3]]))).toEqual([
      'Confusion matrix',
      '1 classes, 3 rows, 3 of them taken for what they are. None is taken for another.',
    ]);
    const svg = confusionPicture(counts, { classes: [hostile, 'b'.repeat(300), ''], title: hostile, caption: hostile });
    expect(elementsOf(svg).map(({ name }) => name)).not.toContain('script');
    expectInside(svg);
    for (const text of texts(svg)) if (text.startsWith('b')) expect(text.length).toBeLessThan(40);
  });

  test('many classes are a picture without numbers', () => {
    const n = 100;
    const svg = confusionPicture(
      Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 9 : (i + j) % 7 === 0 ? 1 : 0))),
    );
    expect(texts(svg)).toEqual(['taken for', 'what it is']);
    expectInside(svg);
  });

  test.each<[string, unknown, unknown, new (...parameters: never[]) => Error, string]>([
    ['no square', [[1, 2]], {}, ShapeError, 'confusionPicture: `counts` must be a square matrix of 1 to 200 classes, got [1, 2]'],
    [
      'half a row',
      [
        [1, 0.5],
        [0, 1],
      ],
      {},
      ParameterError,
      '`counts[0, 1]` must be a whole number of at least 0, got 0.5',
    ],
    ['too few names', [[1]], { classes: ['a', 'b'] }, ParameterError, '`classes` must be an array of 1 texts'],
    ['an unknown option', [[1]], { names: [] }, ParameterError, 'there is no option `names`'],
    ['an unknown theme', [[1]], { theme: 'blue' }, ParameterError, "`theme` must be 'auto'"],
  ])('%s', (_, given, options, Class, message) => {
    expect(() => confusionPicture(given as never, options as never)).toThrow(Class);
    expect(() => confusionPicture(given as never, options as never)).toThrow(message);
  });
});

describe('a reliability diagram', () => {
  const bins = [
    { low: 0.4, high: 0.6, count: 10, confidence: 0.5, accuracy: 0.3 },
    { low: 0.6, high: 0.8, count: 30, confidence: 0.7, accuracy: 0.9 },
    { low: 0.8, high: 1, count: 60, confidence: 0.95, accuracy: 0.95 },
  ];

  test('bars end at the smaller of both, gaps at the larger', () => {
    const svg = reliabilityDiagram({ bins, ece: 0.081 }, { theme: 'light', width: 400 });
    const heights = (fill: string) =>
      rects(svg, fill)
        .map(({ height }) => Number(height))
        .filter((height) => height !== 12);
    const unit = heights(blue!)[2]! / 0.95;
    expect(heights(blue!)[0]! / unit).toBeCloseTo(0.3, 3);
    expect(heights(blue!)[1]! / unit).toBeCloseTo(0.7, 3);
    expect(heights(orange!).map((height) => height / unit)[0]).toBeCloseTo(0.2, 3);
    expect(heights(green!).map((height) => height / unit)[0]).toBeCloseTo(0.2, 3);
    expect([heights(orange!).length, heights(green!).length]).toEqual([1, 1]);
    expect(texts(svg)).toContain('ECE 8.1 %');
    expectInside(svg);
  });

  test('shares of the rows stand below, under their bins', () => {
    const svg = reliabilityDiagram({ bins }, { theme: 'light', width: 400 });
    const shares = rects(svg, '#555555');
    const heights = shares.map(({ height }) => Number(height));
    expect(heights[1]! / heights[0]!).toBeCloseTo(3, 1);
    expect(heights[2]! / heights[0]!).toBeCloseTo(6, 1);
    expect(shares.map(({ x }) => x)).toEqual(
      rects(svg, blue!)
        .filter(({ height }) => height !== '12')
        .map(({ x }) => x),
    );
    expect(texts(svg).some((text) => text.startsWith('ECE'))).toBe(false);
  });

  test('intervals are those of Wilson', () => {
    const svg = reliabilityDiagram(
      { bins: [{ low: 0, high: 1, count: 10, confidence: 0.5, accuracy: 0.5 }] },
      { theme: 'light', width: 400 },
    );
    const [bar] = rects(svg, blue!).filter(({ height }) => height !== '12');
    const unit = Number(bar!.height) / 0.5;
    const zero = Number(bar!.y) + Number(bar!.height);
    const [interval] = elementsOf(svg).flatMap(({ name, attributes }) =>
      name === 'line' && attributes['stroke-width'] === '1.2' ? [attributes] : [],
    );
    // 5 of 10: (0.2366, 0.7634).
    expect((zero - Number(interval!.y1)) / unit).toBeCloseTo(0.2366, 3);
    expect((zero - Number(interval!.y2)) / unit).toBeCloseTo(0.7634, 3);
  });

  test('says what it shows', () => {
    expect(told(reliabilityDiagram({ bins, ece: 0.081 }, { caption: 'Test set.' }))).toEqual([
      'Reliability diagram',
      'Accuracy by mean confidence of 100 rows in 3 bins. Expected calibration error 0.081. 0.5: 0.3; 0.7: 0.9; 0.95: 0.95. Test set.',
    ]);
    expectInside(reliabilityDiagram({ bins: [] }));
  });

  test.each<[string, unknown, unknown, string]>([
    ['nothing', undefined, {}, 'reliabilityDiagram: `calibrated` must be what `calibration` gives, got undefined'],
    ['no bins', {}, {}, '`calibrated.bins` must be an array, got undefined'],
    [
      'an accuracy beyond 1',
      { bins: [{ ...bins[0], accuracy: 2 }] },
      {},
      '`calibrated.bins[0].accuracy` must be a finite number in [0, 1], got 2',
    ],
    ['no rows', { bins: [{ ...bins[0], count: 0 }] }, {}, '`calibrated.bins[0].count` must be a whole number of at least 1'],
    ['a width of nothing', { bins }, { width: 0 }, '`width` must be a whole number from 200 to 2000'],
  ])('%s', (_, given, options, message) => {
    expect(() => reliabilityDiagram(given as never, options as never)).toThrow(ParameterError);
    expect(() => reliabilityDiagram(given as never, options as never)).toThrow(message);
  });
});

describe('a map of points', () => {
  const points = [
    [0, 0],
    [1, 0],
    [0, 1],
    [10, 4],
    [11, 4],
    [10, 5],
  ];
  const labels = [0, 0, 0, 1, 1, 1];
  const dots = (svg: string) =>
    elementsOf(svg).flatMap(({ name, attributes }) =>
      name === 'path'
        ? [...attributes.d!.matchAll(/M([\d.]+) ([\d.]+)h0/g)].map(([, x, y]) => ({
            x: Number(x),
            y: Number(y),
            stroke: attributes.stroke,
          }))
        : [],
    );

  test('every point is where it belongs, in the colour of its class', () => {
    const svg = pointMap(points, { labels, theme: 'light' });
    const drawn = dots(svg);
    expect(drawn).toHaveLength(6);
    expect(drawn.filter(({ stroke }) => stroke === blue)).toHaveLength(3);
    const xs = drawn.map(({ x }) => x).sort((a, b) => a - b);
    const unit = (xs[5]! - xs[0]!) / 11;
    const [lowest, highest] = [Math.max(...drawn.map(({ y }) => y)), Math.min(...drawn.map(({ y }) => y))];
    expect((lowest - highest) / unit).toBeCloseTo(5, 1);
    expectInside(svg);
  });

  test('axes may have scales of their own', () => {
    const drawn = dots(pointMap(points, { theme: 'light', equal: false }));
    const spread = (values: number[]) => Math.max(...values) - Math.min(...values);
    expect(spread(drawn.map(({ y }) => y)) / spread(drawn.map(({ x }) => x))).toBeGreaterThan(0.8);
    expect(new Set(drawn.map(({ stroke }) => stroke)).size).toBe(1);
  });

  test('classes are named in the legend and at their points, without lying over each other', () => {
    const svg = pointMap(points, { labels, classes: ['one', 'two'], theme: 'light' });
    expect(texts(svg).filter((text) => text === 'one')).toHaveLength(3);
    expect(elementsOf(svg).filter(({ name }) => name === 'circle')).toHaveLength(2);
    const same = pointMap(
      [
        [0, 0],
        [0, 0],
        [1, 1],
        [1, 0],
      ],
      { labels: [0, 1, 2, 2], theme: 'light', classes: ['aaa', 'bbb', 'c'] },
    );
    const [a, b] = [at(same, 'aaa'), at(same, 'bbb')];
    expect(Math.abs(a[1] - b[1]) >= 19 || Math.abs(a[0] - b[0]) >= 30).toBe(true);
  });

  test('points that are nowhere are left out, and a single one is drawn', () => {
    expect(
      dots(
        pointMap([
          [0, 0],
          [Number.NaN, 1],
          [1, Infinity],
        ]),
      ),
    ).toHaveLength(1);
    expectInside(pointMap([[3, 3]]));
  });

  test('says what it shows; texts from outside cannot break it', () => {
    expect(told(pointMap(points, { labels, title: 'Codes' }))).toEqual(['Codes', '6 points of 2 classes (0: 3, 1: 3).']);
    expect(told(pointMap(points))).toEqual(['Map of points', '6 points.']);
    const svg = pointMap(points, {
      labels,
      classes: [hostile, hostile],
      title: hostile,
      caption: hostile,
      xLabel: hostile,
      yLabel: hostile,
    });
    expect(elementsOf(svg).map(({ name }) => name)).not.toContain('script');
  });

  test('on dark pages too', () => {
    const auto = pointMap(points, { labels });
    expect(auto).toContain('prefers-color-scheme:dark');
    expect(dots(pointMap(points, { labels, theme: 'dark' })).map(({ stroke }) => stroke)).not.toContain(blue);
  });

  test.each<[string, unknown, unknown, new (...parameters: never[]) => Error, string]>([
    ['three coordinates', [[1, 2, 3]], {}, ShapeError, 'pointMap: `points` must have 2 columns (coordinates), got 3'],
    ['too few labels', [[1, 2]], { labels: [] }, ShapeError, '`labels`'],
    ['a label that is none', [[1, 2]], { labels: [-1] }, ParameterError, '`labels[0]` must be a whole number from 0 to 99, got -1'],
    ['too few names', [[1, 2]], { labels: [2], classes: ['a'] }, ParameterError, '`classes` must be an array of 3 texts'],
    ['nothing finite', [[Number.NaN, 2]], {}, ParameterError, '`points` must hold at least one finite point'],
    ['an unknown option', [[1, 2]], { colour: 'red' }, ParameterError, 'there is no option `colour`'],
  ])('%s', (_, given, options, Class, message) => {
    expect(() => pointMap(given as never, options as never)).toThrow(Class);
    expect(() => pointMap(given as never, options as never)).toThrow(message);
  });
});
