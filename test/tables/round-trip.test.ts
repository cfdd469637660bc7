/** From rows to layers and back, with models and files in between. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError, ParameterError, ShapeError } from '../../src/errors.js';
import { BoltzmannMachine, bernoulli } from '../../src/index.js';
import { type Label, readTable, Table, type TableRow, writeCsv } from '../../src/tables/index.js';
import { rejection, temporaryFolder } from '../data/support.js';

const folder = temporaryFolder();
const people: TableRow[] = [
  { city: 'Bern', age: 31, height: 1.71, member: true, visits: 0 },
  { city: 'Rome', age: 47, height: 1.805, member: null, visits: 2 },
  { city: 'Oslo', age: null, height: 1.6, member: false, visits: 0 },
  { city: null, age: 25, height: null, member: false, visits: null },
];
const schema = { visits: { type: 'count', max: 9 } } as const;
const table = await readTable(people, schema);

const someLabel = fc.oneof(
  fc.string({ minLength: 1, maxLength: 6 }).filter((text) => text.trim() === text && !/^(na|nan|null|\?)$/i.test(text)),
  fc.integer({ min: -99, max: 99 }),
);
/** A column of values, its name aside, with all that may be missing. */
const someColumn = (rows: number) => {
  const filled = <T extends Label>(one: fc.Arbitrary<T>) => fc.array(fc.option(one, { freq: 5 }), { minLength: rows, maxLength: rows });
  const number = fc.oneof(
    fc.integer({ min: -(10 ** 6), max: 10 ** 6 }),
    fc.integer({ min: -(10 ** 6), max: 10 ** 6 }).map((n) => n / 1000),
  );
  const labels = fc.uniqueArray(someLabel, { minLength: 2, maxLength: 8, selector: String });
  return fc.oneof(
    filled(number)
      .filter((all) => new Set(all.filter((x) => x !== null)).size > 1)
      .map((values) => ({ schema: 'number' as const, values })),
    filled(fc.integer({ min: 0, max: 50 })).map((values) => ({ schema: { type: 'count', max: 50 } as const, values })),
    labels.chain((all) =>
      filled(fc.constantFrom(...all)).map((values) => ({ schema: { type: 'category', labels: all } as const, values })),
    ),
    filled(fc.boolean()).map((values) => ({ schema: { type: 'binary', labels: [false, true] } as const, values })),
  );
};
const someTable = fc.integer({ min: 2, max: 12 }).chain((rows) => fc.array(someColumn(rows), { minLength: 1, maxLength: 6 }));

describe('what goes in comes out', () => {
  test('as it was, column by column in order', async () => {
    expect(await table.decode(table.rows)).toEqual(people);
    expect(Object.keys((await table.decode(table.rows))[0]!)).toEqual(Object.keys(people[0]!));
    expect(await table.decode(await table.encode(people))).toEqual(people);
  });

  test('for any table', async () => {
    await fc.assert(
      fc.asyncProperty(someTable, async (columns) => {
        const name = (i: number) => `column ${i}`;
        const rows = columns[0]!.values.map((_, r) =>
          Object.fromEntries(columns.map(({ values }, i) => [name(i), values[r] as Label | null])),
        );
        const read = await readTable(rows, Object.fromEntries(columns.map((column, i) => [name(i), column.schema])));
        expect(await read.decode(read.rows)).toEqual(rows);
        const again = Table.from(JSON.parse(JSON.stringify(read)));
        expect(await again.decode(await again.encode(rows))).toEqual(rows);
        expect(again.layers).toEqual(read.layers);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  test('by way of a file', async () => {
    await fc.assert(
      fc.asyncProperty(someTable, async (columns) => {
        const name = (i: number) => `c${i}, "of" ${columns.length}`;
        const texts = columns.map(({ values }) => values.map((value) => (value === null ? null : String(value))));
        const rows = texts[0]!.map((_, r) => Object.fromEntries(texts.map((values, i) => [name(i), values[r] as string | null])));
        const path = `${folder.path}/round.csv`;
        await writeCsv(path, rows);
        const asText = Object.fromEntries(
          texts.map((values, i) => [
            name(i),
            { type: 'category', labels: ['', ...new Set(values)].filter(Boolean).concat('\u0001', '\u0002') as string[] } as const,
          ]),
        );
        const read = await readTable(path, asText);
        expect(await read.decode(read.rows)).toEqual(rows);
      }),
      { numRuns: 40, seed: 2 },
    );
  });

  test('missing texts go with the table', async () => {
    const read = await readTable([{ x: '1' }, { x: '2' }, { x: '-9' }], { x: 'number' }, { missing: ['-9'] });
    const again = Table.from(JSON.parse(JSON.stringify(read)));
    expect(await again.decode(await again.encode([{ x: '-9' }, { x: 3 }]))).toEqual([{ x: null }, { x: 3 }]);
  });
});

describe('new rows', () => {
  test('may lack columns, have the columns that are ignored, and come in any form', async () => {
    const read = await readTable(
      people.map((row, id) => ({ id, ...row })),
      { ...schema, id: 'ignore' },
    );
    const [row] = await read.decode(await read.encode([{ age: '31', city: ' Bern ', id: 'new' }]));
    expect(row).toEqual({ city: 'Bern', age: 31, height: null, member: null, visits: null });
    expect(await read.decode(await read.encode([['true', 'Oslo']], { names: ['member', 'city'] }))).toMatchObject([
      { member: true, city: 'Oslo' },
    ]);
    const path = folder.put('new.csv', 'visits\tcity\n3\tRome\n\tOslo\n');
    expect(await read.decode(await read.encode(path))).toMatchObject([
      { visits: 3, city: 'Rome' },
      { visits: null, city: 'Oslo' },
    ]);
  });

  test('of another scale are no error, and are as far out as they are', async () => {
    expect(await table.decode(await table.encode([{ age: 1000 }]))).toMatchObject([{ age: 1000 }]);
  });

  test.each<[string, unknown, string]>([
    [
      'an unknown label',
      [{ city: 'Bern' }, { city: 'Paris' }],
      '`rows`, row 1, column "city" must be one of "Bern", "Oslo", "Rome", got "Paris" (`unknown: \'missing\'` takes it as missing)',
    ],
    ['a text for a number', [{ age: 'old' }], 'row 0, column "age" must be a number, got "old"'],
    ['a count beyond the largest', [{ visits: 10 }], 'row 0, column "visits" must be a whole number from 0 to 9, got 10'],
    ['a third value', [{ member: 'maybe' }], 'column "member" must be one of false, true, got "maybe"'],
    ['an object', [{ age: [] }], 'column "age" must be a text, a number, true or false, got an array'],
    ['a slip in a name', [{ ctiy: 'Bern' }], 'got "ctiy" (did you mean \'city\'?)'],
    ['no rows', [], 'must have at least one row'],
  ])('%s is refused', async (_, rows, message) => {
    const error = await rejection(table.encode(rows as never));
    expect(error).toBeInstanceOf(ParameterError);
    expect(error.message).toContain(message);
  });

  test('unknown values can count as missing', async () => {
    const rows = await table.encode([{ city: 'Paris', age: 'old', visits: 10, member: true }], { unknown: 'missing' });
    expect(await table.decode(rows)).toEqual([{ city: null, age: null, height: null, member: true, visits: null }]);
    expect((await rejection(table.encode([{ age: 1 }], { unknown: 'drop' as never }))).message).toContain(
      "`unknown` must be 'error' or 'missing'",
    );
  });

  test('a file with none of the columns but ignored ones is refused', async () => {
    const read = await readTable(
      [
        { id: 'x', n: 1 },
        { id: 'y', n: 2 },
      ],
      { id: 'ignore' },
    );
    expect((await rejection(read.encode([{ id: 'z' }]))).message).toContain('must have at least one of the columns of the table');
    expect((await rejection(read.encode(folder.put('e.csv', 'n\n')))).message).toContain('has names but no rows');
  });
});

describe('what models give back', () => {
  test('probabilities, draws and means become labels and values', async () => {
    const decoded = await table.decode({
      binary: [[0.4], [0.5]],
      numbers: [
        [0, 0],
        [1, -1],
      ],
      city: [
        [0.2, 0.5, 0.3],
        [0, 0, 1],
      ],
      visits: [[2.4], [11]],
    });
    const [age, height] = table.columns.slice(1, 3).map((column) => (column.type === 'number' ? column : expect.unreachable()));
    expect(decoded).toEqual([
      { city: 'Oslo', age: Math.round(age!.mean), height: Number(height!.mean.toFixed(3)), member: false, visits: 2 },
      {
        city: 'Rome',
        age: Math.round(age!.mean + age!.sd),
        height: Number((height!.mean - height!.sd).toFixed(3)),
        member: true,
        visits: 9,
      },
    ]);
  });

  test('one layer gives its columns', async () => {
    expect(await table.decode({ city: [2, 0, null] })).toEqual([{ city: 'Rome' }, { city: 'Bern' }, { city: null }]);
    expect(await table.decode({ city: [[Number.NaN, Number.NaN, Number.NaN]] })).toEqual([{ city: null }]);
  });

  test.each<[string, unknown, typeof ParameterError | typeof ShapeError, string]>([
    ['a layer that there is not', { citty: [[1, 0, 0]] }, ParameterError, 'got "citty" (did you mean \'city\'?)'],
    ['no layers', {}, ParameterError, '`rows` must be an object of rows by layer, got an object'],
    ['a list', [[1]], ParameterError, '`rows` must be an object of rows by layer, got an array'],
    ['columns that are too many', { numbers: [[1, 2, 3]] }, ShapeError, '`rows.numbers` must have 2 columns'],
    [
      'other numbers of rows',
      {
        binary: [[1]],
        city: [
          [1, 0, 0],
          [0, 1, 0],
        ],
      },
      ShapeError,
      '`rows.city` must have 1 rows, as many as `rows.binary`, got 2',
    ],
    ['a category that there is not', { city: [3] }, ParameterError, '`rows.city[0]` must be a category from 0 to 2, got 3'],
  ])('%s is refused', async (_, rows, kind, message) => {
    const error = await rejection(table.decode(rows as never));
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toContain(message);
  });

  test('a machine over the layers of a table learns it and fills in what is missing', async () => {
    const rows: TableRow[] = Array.from({ length: 120 }, (_, i) => {
      const city = ['Bern', 'Rome', 'Oslo'][i % 3] as string;
      return {
        city: i % 10 === 9 ? null : city,
        north: city === 'Oslo',
        noise: (i * 37) % 11,
        warmth: [10, 20, 2][i % 3]! + ((i * 7) % 5) / 10,
      };
    });
    const read = await readTable(rows);
    using machine = new BoltzmannMachine({ ...read.wiring({ hidden: bernoulli(8) }), seed: 1 });
    await machine.fit(read.rows, { epochs: 1500, batchSize: 40, learningRate: 0.02 });
    const filled = await read.decode(await machine.impute(read.rows));
    const gaps = rows.flatMap(({ city }, i) => (city === null ? [i] : []));
    const right = gaps.filter((i) => filled[i]?.city === ['Bern', 'Rome', 'Oslo'][i % 3]);
    expect(right.length).toBeGreaterThan(0.7 * gaps.length);
    expect(filled.map(({ north, noise }) => [north, noise])).toEqual(rows.map(({ north, noise }) => [north, noise]));
    const asked = await machine.probabilities(
      'city',
      await read.encode([{ warmth: 2.2, north: true, noise: 5 }]).then(({ city: _, ...given }) => given as never),
    );
    expect(await read.decode({ city: asked })).toEqual([{ city: 'Oslo' }]);
  });
});

describe('a description', () => {
  const good = () => JSON.parse(JSON.stringify(table)) as { columns: Record<string, unknown>[]; [name: string]: unknown };
  const changed = (change: (json: ReturnType<typeof good>) => void) => {
    const json = good();
    change(json);
    return json;
  };

  test('has no rows, and is itself again', () => {
    expect(JSON.stringify(table)).not.toContain('rows');
    expect(JSON.parse(JSON.stringify(Table.from(good())))).toEqual(good());
    expect(Table.from(good()).columns).toEqual(table.columns);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['text', '{}'],
    ['another format', changed((json) => (json.format = 'csv'))],
    ['another version', changed((json) => (json.version = 2))],
    ['a column of an unknown type', changed((json) => (json.columns[0]!.type = 'text'))],
    ['a column twice', changed((json) => json.columns.push(json.columns[0]!))],
    ['one label', changed((json) => (json.columns[0]!.labels = ['Bern']))],
    ['labels that are alike', changed((json) => (json.columns[0]!.labels = ['1', 1]))],
    ['no spread', changed((json) => (json.columns[1]!.sd = 0))],
    ['a mean that is not finite', changed((json) => (json.columns[1]!.mean = null))],
    ['more than there is to say', changed((json) => (json.columns[1]!.unit = 'm'))],
    ['a column that objects cannot have', changed((json) => (json.columns[0]!.name = '__proto__'))],
  ])('with %s is refused', (_, json) => {
    expect(() => Table.from(json)).toThrow(FormatError);
    expect(() => Table.from(json)).toThrow(/^Table\.from: `json` does not describe a table: /);
  });
});

describe('writeCsv', () => {
  const written = async (...[rows, names]: [unknown, string[]?]) => {
    const path = `${folder.path}/w.csv`;
    await writeCsv(path, rows as never, names);
    return readFileSync(path, 'utf8');
  };

  test('quotes what a reader would cut, and leaves missing values empty', async () => {
    const rows = [
      { a: 'x, y', 'b "c"': 1.5 },
      { a: ' blank', 'b "c"': null },
      { a: 'two\nlines', 'b "c"': true },
      { a: '', 'b "c"': new Date(0) },
    ];
    expect(await written(rows)).toBe('a,"b ""c"""\n"x, y",1.5\n" blank",\n"two\nlines",true\n"",1970-01-01T00:00:00.000Z\n');
  });

  test('takes lists, a choice of columns and no rows at all', async () => {
    expect(
      await written(
        [
          [1, Number.NaN],
          [undefined, 2],
        ],
        ['a', 'b'],
      ),
    ).toBe('a,b\n1,\n,2\n');
    expect(await written([{ b: 1 }, { a: 2 }], ['a', 'b'])).toBe('a,b\n,1\n2,\n');
    expect(await written([], ['a'])).toBe('a\n');
  });

  test('a missing value alone in its line stays a line', async () => {
    expect(await written([{ a: 1 }, { a: null }, { a: 3 }])).toBe('a\n1\n""\n3\n');
    expect((await readTable(`${folder.path}/w.csv`, { a: 'number' })).size).toBe(3);
  });

  test('many rows', async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => [i, `n${i}`]);
    expect(await written(rows, ['i', 'n'])).toBe(`i,n\n${rows.map((row) => `${row.join(',')}\n`).join('')}`);
  });

  test.each<[string, unknown, unknown, string]>([
    ['no list', 5, undefined, '`rows` must be a list of rows, got 5'],
    ['no names to find', [[1]], undefined, '`names` must be given unless the first row is an object'],
    ['names that are alike', [[1, 2]], ['a', 'a'], '`names` must be a list of different column names'],
    ['a list that is too short', [[1, 2], [3]], ['a', 'b'], '`rows[1]` must have 2 cells (names), got 1'],
    ['a column that has no name', [{ a: 1 }, { a: 1, b: 2 }], undefined, '`rows[1]` has a column "b" that `names` lack'],
    ['a row that is none', [{ a: 1 }, 5], undefined, '`rows[1]` must be an object of cells by column or a list of cells, got 5'],
    [
      'infinity',
      [{ a: Infinity }],
      undefined,
      '`rows[0]`, column "a" must be a text, a finite number, a date, true, false or missing, got Infinity',
    ],
    ['an object', [{ a: {} }], undefined, 'got an object'],
  ])('%s is refused and nothing is written', async (_, rows, names, message) => {
    const path = folder.put('kept.csv', 'old');
    const error = await rejection(writeCsv(path, rows as never, names as never));
    expect(error).toBeInstanceOf(ParameterError);
    expect(error.message).toContain(message);
    expect(readFileSync(path, 'utf8')).toBe('old');
  });
});

describe('parts of a table', () => {
  const many: TableRow[] = Array.from({ length: 101 }, (_, i) => ({
    id: i,
    kind: i % 3 === 0 ? null : ['a', 'b', 'c'][i % 4 === 3 ? 0 : i % 4]!,
    yes: i % 2 === 0,
  }));
  const whole = () => readTable(many, { id: 'number' });

  test('have every row once, with what it was', async () => {
    const all = await whole();
    const { train, validation, test: rest } = all.split({ train: 0.7, validation: 0.2, test: 0.1 }, { seed: 5 });
    expect([train.size, validation.size, rest.size]).toEqual([71, 20, 10]);
    const numbers = [train, validation, rest].flatMap(({ indices }) => [...indices]);
    expect(numbers.toSorted((a, b) => a - b)).toEqual(many.map((_, i) => i));
    for (const part of [train, validation, rest]) {
      expect(part.columns).toBe(all.columns);
      expect(await part.decode(part.rows)).toEqual(Array.from(part.indices, (i) => many[i]));
    }
  });

  test('are those of the seed, and parts of parts know where they come from', async () => {
    const [all, again] = [await whole(), await whole()];
    const { a } = all.split({ a: 0.5, b: 0.5 }, { seed: 5n });
    expect(again.split({ a: 0.5, b: 0.5 }, { seed: 5 }).a.indices).toEqual(a.indices);
    expect(again.split({ a: 0.5, b: 0.5 }, { seed: 6 }).a.indices).not.toEqual(a.indices);
    const { b } = a.split({ a: 0.5, b: 0.5 });
    expect(await b.decode(b.rows)).toEqual(Array.from(b.indices, (i) => many[i]));
    expect([...b.indices].every((i) => a.indices.includes(i))).toBe(true);
  });

  test('without gaps are those rows and no others', async () => {
    const full = (await whole()).complete();
    expect(await full.decode(full.rows)).toEqual(many.filter(({ kind }) => kind !== null));
    const gaps = await readTable([{ a: 1, b: null }, { a: null, b: 2 }, { a: 3, b: null }, { a: null, b: 9 }], { a: 'number', b: 'number' }); // biome-ignore format: one line
    expect(() => gaps.complete()).toThrow(ParameterError);
    expect(() => gaps.complete()).toThrow(/must have a row that lacks no value/);
  });

  test('names of units are those of the columns of surprise', async () => {
    const all = await whole();
    expect(all.unitNames).toEqual(['yes', 'id', 'kind']);
    using machine = new BoltzmannMachine(all.wiring({ hidden: bernoulli(2) }));
    expect((await machine.surprise(all.rows)).shape).toEqual([101, all.unitNames.length]);
  });

  test.each<[string, unknown, RegExp]>([
    ['no shares', {}, /Table\.split: `shares` must be an object of shares/],
    ['a number', 0.8, /`shares` must be an object of shares/],
    ['shares that are too small together', { a: 0.5, b: 0.4 }, /`shares` must be shares that add up to 1, got 0\.9/],
    ['shares that are too large together', { a: 0.8, b: 0.8 }, /`shares` must be shares that add up to 1, got 1\.6/],
    ['a share below 0', { a: -0.5, b: 1.5 }, /`shares\.a` must be a finite number in \[0, 1\], got -0\.5/],
    ['a share that is none', { a: '1' }, /`shares\.a` must be a finite number in \[0, 1\], got "1"/],
    ['a part without rows', { a: 0.999, b: 0.001 }, /`shares\.b` must be a share that makes at least one of 101 rows, got 0\.001/],
  ])('are refused for %s', async (_, shares, message) => {
    const all = await whole();
    expect(() => all.split(shares as Record<string, number>)).toThrow(ParameterError);
    expect(() => all.split(shares as Record<string, number>)).toThrow(message);
    expect(() => all.split({ a: 1 }, { sed: 1 } as never)).toThrow(/no option `sed`/);
  });
});
