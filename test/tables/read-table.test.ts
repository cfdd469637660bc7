/** What the columns of a table are taken for, and what cannot be taken. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { FormatError, ParameterError } from '../../src/errors.js';
import { bernoulli } from '../../src/index.js';
import { readTable } from '../../src/tables/index.js';
import { rejection, temporaryFolder } from '../data/support.js';

const folder = temporaryFolder();
const file = (text: string | Uint8Array) => folder.put('t.csv', text);
const cycle = <T>(values: readonly T[], n = 40) => Array.from({ length: n }, (_, i) => values[(i * 7) % values.length] as T);
const column = <T>(values: readonly T[]) => values.map((x) => ({ x }));
const typeOf = async (values: readonly unknown[]) => (await readTable(column(values))).columns[0];

describe('a column is', () => {
  test.each<[string, readonly unknown[], object]>([
    ['binary: bits', [0, 1, 1, 0], { type: 'binary', labels: [0, 1] }],
    ['binary: true and false', [true, false, null], { type: 'binary', labels: [false, true], missing: 1 }],
    ['binary: yes and no', ['yes', 'no', 'no', ''], { type: 'binary', labels: ['no', 'yes'], missing: 1 }],
    ['binary: any two labels', ['right', 'left', ' left'], { type: 'binary', labels: ['left', 'right'] }],
    ['binary: any two numbers', [2.5, 1, 1], { type: 'binary', labels: [1, 2.5] }],
    ['category: text', cycle(['b', 'c', 'a']), { type: 'category', labels: ['a', 'b', 'c'] }],
    ['category: text and numbers', cycle(['1', '2', '3+']), { type: 'category', labels: ['1', '2', '3+'] }],
    ['number: real numbers', [1.5, 2.25, 3], { type: 'number', mean: 2.25, decimals: 2, missing: 0 }],
    ['number: whole numbers', cycle([31, 47, 25, 18]), { type: 'number', mean: 30.25, decimals: 0 }],
    ['number: whole numbers of which some are negative', [-1, 0, 1], { type: 'number', decimals: 0 }],
    ['number: with text that says missing', ['1', ' NA ', '2', 'NaN', '?', '3', 'null', ''], { type: 'number', mean: 2, missing: 5 }],
    ['number: of many digits', [Math.PI, Math.E, 1 / 3], { type: 'number', decimals: null }],
    ['number: large', [0, 1e6, 3e7], { type: 'number', decimals: 0 }],
    ['count: small whole numbers, mostly 0', [0, 0, 0, 0, 1, 0, 3, 0, 2, 0, null], { type: 'count', max: 3, missing: 1 }],
    ['count: but not if they spread little', [1, 2, 3, 2, 2], { type: 'number', decimals: 0 }],
    ['count: but not if they are large', [0, 0, 0, 300, 2], { type: 'number', decimals: 0 }],
  ])('%s', async (_, values, expected) => {
    expect(await typeOf(values)).toMatchObject({ name: 'x', ...expected });
  });

  test('the same from a file, compressed or not', async () => {
    const lines = cycle(['yes;31.5;0;Bern', 'no;;0;Rome', 'no;47;7;Oslo']).map((line, i) => `${i};${line}\n`);
    const text = `id;class;age;visits;"a ""city"""\n${lines.join('')}`;
    for (const content of [text, gzipSync(text)]) {
      const table = await readTable(file(content), { id: 'ignore' });
      expect(table.size).toBe(40);
      expect(table.columns).toMatchObject([
        { name: 'id', type: 'ignore', layer: null, place: null },
        { name: 'class', type: 'binary', labels: ['no', 'yes'], layer: 'binary', place: 0 },
        { name: 'age', type: 'binary', labels: [31.5, 47], missing: 13, layer: 'binary', place: 1 },
        { name: 'visits', type: 'binary', labels: [0, 7], layer: 'binary', place: 2 },
        { name: 'a "city"', type: 'category', labels: ['Bern', 'Oslo', 'Rome'], layer: 'a "city"', place: 0 },
      ]);
    }
  });

  test('what the schema says', async () => {
    const rows = cycle([3, 1, 2, 1]).map((x, i) => ({ class: x, score: x, level: x, flag: i % 2, id: i, late: null }));
    const table = await readTable(rows, {
      class: 'category',
      score: 'number',
      level: { type: 'count', max: 5 },
      flag: { type: 'binary', labels: [1, 0] },
      id: { type: 'ignore' },
      late: { type: 'category', labels: ['a', 'b', 'c'] },
    });
    expect(table.columns).toMatchObject([
      { type: 'category', labels: [1, 2, 3] },
      { type: 'number' },
      { type: 'count', max: 5 },
      { type: 'binary', labels: [1, 0] },
      { type: 'ignore' },
      { type: 'category', labels: ['a', 'b', 'c'], missing: 40 },
    ]);
    expect([...(table.rows.binary?.data ?? [])].slice(0, 3)).toEqual([1, 0, 1]);
  });

  test('texts that are numbers become numbers unless that loses something', async () => {
    const labelsOf = async (values: string[]) => (await readTable(column(values), { x: 'category' })).columns[0];
    expect(await labelsOf(['10', '9', '2'])).toMatchObject({ labels: [2, 9, 10] });
    expect(await labelsOf(['010', '9', '2'])).toMatchObject({ labels: ['010', '2', '9'] });
    expect(await labelsOf(['1', '1.0', '2'])).toMatchObject({ labels: ['1', '1.0', '2'] });
  });
});

describe('layers', () => {
  const rows = cycle([0, 1, 2, 3, 4]).map((x) => ({ a: x % 2, b: x * 1.5, c: 'pqrst'[x], d: x % 2 === 1, e: -x, binary: 'uvwxy'[x] }));

  test('have the columns of one kind, and each category its own', async () => {
    const table = await readTable(rows);
    expect(table.layers).toMatchObject({
      binary: { type: 'bernoulli', places: 2 },
      numbers: { type: 'gaussian', places: 2 },
      c: { type: 'softmax', places: 5, size: 5 },
      'binary 2': { type: 'softmax', places: 5 },
    });
    expect(Object.keys(table.layers)).toEqual(['binary', 'numbers', 'c', 'binary 2']);
    expect(Object.entries(table.rows).map(([name, { shape }]) => [name, shape])).toEqual([
      ['binary', [40, 2]],
      ['numbers', [40, 2]],
      ['c', [40, 1]],
      ['binary 2', [40, 1]],
    ]);
    expect(table.couplings('hidden')).toEqual([
      ['binary', 'hidden'],
      ['numbers', 'hidden'],
      ['c', 'hidden'],
      ['binary 2', 'hidden'],
    ]);
    expect(table.wiring({ a: bernoulli(3), b: bernoulli(2) })).toEqual({
      layers: { ...table.layers, a: bernoulli(3), b: bernoulli(2) },
      couplings: [...table.couplings('a'), ['a', 'b']],
    });
    for (const hidden of [{}, null, { c: bernoulli(1) }, { h: bernoulli(1), c: bernoulli(1) }]) {
      expect(() => table.wiring(hidden as never)).toThrow(ParameterError);
    }
    expect(() => table.couplings('c')).toThrow('Table.couplings: `hidden` must not be the name of one of the table\'s own layers, got "c"');
  });

  test('hold standardised numbers, and NaN where a value is missing', async () => {
    const { rows: values } = await readTable([
      { n: 1, k: 'a', b: true },
      { n: 3, k: 'b', b: null },
      { n: Number.NaN, k: 'c', b: false },
      { n: 5, b: false },
    ]);
    const none = Number.NaN;
    const sd = Math.sqrt(8 / 3);
    expect([...values.numbers!.data]).toEqual([-2 / sd, 0, none, 2 / sd]);
    expect([...values.k!.data]).toEqual([0, 1, 2, none]);
    expect([...values.binary!.data]).toEqual([1, none, 0, 0]);
  });

  test('of columns whose names no layer can have are called by number', async () => {
    const table = await readTable([
      { 'training/x': 'a', '\n': 'c' },
      { 'training/x': 'b', '\n': 'd' },
      { 'training/x': 'c', '\n': 'e' },
    ]);
    expect(Object.keys(table.layers)).toEqual(['column 1', 'column 2']);
  });
});

describe('what cannot be taken is named, with what to say of it', () => {
  const days = Array.from({ length: 40 }, (_, i) => `2024-01-${String((i % 28) + 1).padStart(2, '0')}`);
  const many = Array.from({ length: 10_000 }, (_, i) => `word ${i}`);
  test.each<[string, readonly unknown[], object | undefined, string]>([
    [
      'one value',
      cycle([5]),
      undefined,
      '`rows`, column "x" has one value (5) in all rows, of which nothing can be learnt; the schema can say { x: \'ignore\' }',
    ],
    ['one value and missing ones', ['a', null, 'a'], undefined, 'has one value ("a") in all rows'],
    ['one number that is to be a number', [5, 5], { x: 'number' }, 'has one value (5) in all rows'],
    ['no value', [null, '', Number.NaN, 'NA'], undefined, 'has no value in any row'],
    ['dates', days, undefined, 'holds dates or times (such as "2024-01-01", …): make numbers of them'],
    ['two dates', cycle([new Date(0), new Date(1e10)]), undefined, 'holds dates or times'],
    ['dates of other lands', cycle(['1.2.2024', '13.2.2024', '24.12.2023']), undefined, 'holds dates or times'],
    ['times of day', cycle(['10:30', '11:45', '9:05']), undefined, 'holds dates or times'],
    ['10,000 categories', many, undefined, 'has 10000 different texts in 10000 rows, too many to be categories (group the rare ones)'],
    ['10,001 categories', [...many, 'one more'], undefined, 'has more than 10000 different texts in 10001 rows'],
    [
      '10,000 categories that the schema asks for',
      many,
      { x: 'category' },
      'has more than 4096 different values, too many to be categories',
    ],
    ['101 labels in many rows', cycle(many.slice(0, 101), 1000), undefined, 'has 101 different texts in 1000 rows, too many'],
    ['texts that nearly all differ', many.slice(0, 30), undefined, 'has 30 different texts in 30 rows, as ids or free text have'],
    ['numbers of rows', Array.from({ length: 40 }, (_, i) => 100 + i), undefined, 'counts the rows'],
    [
      'three values that are to be two',
      cycle(['a', 'b', 'c']),
      { x: 'binary' },
      'must have two values to be \'binary\', got 3 ("a", "b", "c"); the schema can say { x: \'category\' }',
    ],
    ['numbers without a spread', [1e300, -1e300, 0], undefined, 'whose standard deviation cannot be told'],
  ])('%s', async (_, values, schema, message) => {
    const error = await rejection(readTable(column(values), schema as never));
    expect(error).toBeInstanceOf(ParameterError);
    expect(error.message).toContain(message);
  });

  test('numbers with a text in line 5000', async () => {
    const lines = ['age', ...Array.from({ length: 6000 }, (_, i) => (i === 4998 ? 'unknown' : String(18 + ((i * 7) % 60))))];
    const message = 'column "age" has numbers, but in line 5000 the text "unknown" (mend it, or list it in `missing`)';
    const error = await rejection(readTable(file(lines.join('\n'))));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toContain(message);
    const table = await readTable(file(lines.join('\n')), {}, { missing: ['unknown'] });
    expect(table.columns[0]).toMatchObject({ type: 'number', missing: 1 });
    const asked = await rejection(readTable(file(lines.join('\n')), { age: 'number' }));
    expect(asked.message).toMatch(/t\.csv, line 5000, column "age" must be a number as the schema says, got "unknown"/);
  });

  test('all columns at once', async () => {
    const rows = days.map((day, i) => ({ day, id: i, 'its name': `n${i}`, constant: 1, good: i % 3 }));
    const { message } = await rejection(readTable(rows));
    expect(message).toBe(
      "readTable: `rows` has 4 columns that cannot be taken as they are; the schema can say { day: 'ignore', id: 'ignore', " +
        "\"its name\": 'ignore', constant: 'ignore' }:\n" +
        '  column "day" holds dates or times (such as "2024-01-01", …): make numbers of them, such as days since the first\n' +
        '  column "id" counts the rows\n' +
        '  column "its name" has 40 different texts in 40 rows, as ids or free text have\n' +
        '  column "constant" has one value (1) in all rows, of which nothing can be learnt',
    );
    const wide = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`c${i}`, 1]));
    expect((await rejection(readTable([wide, wide]))).message).toMatch(/has 30 columns.*c9: 'ignore', … }.*and 20 more$/s);
  });

  test.each<[string, unknown, string]>([
    [
      'a type that there is not',
      { x: 'text' },
      "`schema[\"x\"]` must be 'binary' or 'category' or 'number' or 'count' or 'ignore', got \"text\"",
    ],
    ['a name that there is not', { y: 'number' }, 'which are \'x\', got "y"'],
    ['a name with a slip', { X: 'number' }, 'got "X" (did you mean \'x\'?)'],
    ['an option that there is not', { x: { type: 'count', most: 3 } }, 'there is no option `most`'],
    ['labels of numbers', { x: { type: 'number', labels: [1, 2] } }, "left out: only 'binary' and 'category' have labels"],
    ['a largest category', { x: { type: 'category', max: 3 } }, "left out: only 'count' has one"],
    ['one label', { x: { type: 'binary', labels: [1] } }, 'must be a list of two labels'],
    ['labels that are alike', { x: { type: 'category', labels: ['1', 1, 2] } }, 'no two of them alike'],
    ['a count of text', { x: { type: 'count', max: 'many' } }, 'must be a whole number from 1 to 16777216, got "many"'],
    ['a list', ['number'], '`schema` must be an object of types by the names of columns, got an array'],
    [
      'a label that is not listed',
      { x: { type: 'category', labels: ['a', 'c'] } },
      '`rows`, row 1, column "x" must be one of "a", "c" as the schema says, got "b"',
    ],
    [
      'a count that is none',
      { x: 'count' },
      '`rows`, row 0, column "x" must be a whole number from 0 to 16777216 as the schema says, got "a"',
    ],
  ])('a schema with %s', async (_, schema, message) => {
    const error = await rejection(readTable(column(['a', 'b', 'c']), schema as never));
    expect(error).toBeInstanceOf(ParameterError);
    expect(error.message).toContain(message);
  });

  test('counts beyond the largest', async () => {
    const { message } = await rejection(readTable(column([0, 6]), { x: { type: 'count', max: 5 } }));
    expect(message).toContain('row 1, column "x" must be a whole number from 0 to 5 as the schema says, got 6');
  });

  test.each<[string, string, RegExp]>([
    ['duplicate names', 'a,b,a\n1,2,3\n', /t\.csv, line 1: names of columns must differ, but columns 1 and 3 are both called "a"/],
    ['a header and no rows', 'a,b\n', /t\.csv has names of columns but no rows/],
    ['no header', '1,2\n3,4\n', /must have names in its first line, got the number 1 \(pass `names`/],
    ['nothing', '', /t\.csv is empty/],
    ['a field too many', 'a,b\n1,2\n3,4,5\n', /line 3 must have 2 fields like the lines before it, got 3/],
    ['a field too few', 'a,b\n1,2\n3\n', /line 3 must have 2 fields like the lines before it, got 1/],
    ['a name that objects cannot have', 'a,__proto__\n1,2\n', /must not be '__proto__', which column 2 is called/],
  ])('a file with %s', async (_, text, message) => {
    const error = await rejection(readTable(file(text)));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toMatch(message);
  });

  test.each<[string, unknown, object | undefined, RegExp]>([
    ['no rows', [], undefined, /`rows` must have at least one row/],
    ['a number', 5, undefined, /`rows` must be the path of a CSV file or a list of rows, got 5/],
    ['null', [null], undefined, /`rows\[0\]` must be an object of cells by column, got null/],
    ['empty objects', [{}, {}], undefined, /must have at least one column/],
    ['a list among objects', [{ a: 1 }, [1]], undefined, /`rows\[1\]` must be an object of cells by column, got an array/],
    [
      'an object in a cell',
      [{ a: {} }],
      undefined,
      /row 0, column "a" must be a text, a finite number, true, false or missing, got an object/,
    ],
    ['infinity in a cell', [{ a: 1 }, { a: -Infinity }], undefined, /row 1, column "a" must be .*, got -Infinity/],
    ['lists without names', [[1, 2]], undefined, /`names` must be given with rows that are lists/],
    ['ragged lists', [[1, 2], [3]], { names: ['a', 'b'] }, /`rows\[1\]` must have 2 cells \(names\), got 1/],
    ['names that are alike', [[1, 2]], { names: ['a', ' a'] }, /`names` must differ, but columns 1 and 2 are both called "a"/],
    ['no names', [[1, 2]], { names: [] }, /`names` must be a list of column names, got an array/],
    ['an unknown option', [{ a: 1 }], { heeder: true }, /there is no option `heeder` \(did you mean 'header'\?\)/],
    ['a signal that is none', [{ a: 1 }], { signal: 5 }, /`signal` must be an AbortSignal/],
  ])('%s', async (_, rows, options, message) => {
    const error = await rejection(readTable(rows as never, undefined, options as never));
    expect(error).toBeInstanceOf(ParameterError);
    expect(error.message).toMatch(message);
  });

  test('columns that are all ignored', async () => {
    expect((await rejection(readTable([{ a: 1 }], { a: 'ignore' }))).message).toMatch(/at least one column that is not ignored/);
  });

  test("the caller's own error", async () => {
    const row = Object.defineProperty({}, 'a', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    expect((await rejection(readTable([row]))).message).toBe('readTable: `rows[0]` could not be read');
  });
});

describe('rows come in other forms', () => {
  test('lists with names', async () => {
    const table = await readTable(
      [
        [1, 'a'],
        [2, 'b'],
        [4, 'c'],
      ],
      {},
      { names: ['n', 'k'] },
    );
    expect(await table.decode(table.rows)).toEqual([
      { n: 1, k: 'a' },
      { n: 2, k: 'b' },
      { n: 4, k: 'c' },
    ]);
  });

  test('objects that lack some columns', async () => {
    const table = await readTable([{ a: 1 }, { b: 'x' }, { a: 2, b: 'y' }, { c: true }, { c: false }]);
    expect(table.columns).toMatchObject([
      { name: 'a', missing: 3 },
      { name: 'b', missing: 3 },
      { name: 'c', missing: 3 },
    ]);
  });

  test('files without a line of names, or with others', async () => {
    const names = ['a', 'b'];
    expect((await readTable(file('1,x\n2,y\n'), {}, { names })).size).toBe(2);
    expect((await readTable(file('q,r\n1,x\n2,y\n'), {}, { names, header: true })).columns.map(({ name }) => name)).toEqual(names);
    expect((await rejection(readTable(file('1,2'), {}, { header: false }))).message).toMatch(/`names` must be given with `header: false`/);
  });

  test('a column without a name is called by its number', async () => {
    const table = await readTable(
      file(
        `,a\n${cycle([0, 1])
          .map((x, i) => `${i},${x}`)
          .join('\n')}`,
      ),
      { 'column 1': 'ignore' },
    );
    expect(table.columns.map(({ name }) => name)).toEqual(['column 1', 'a']);
  });

  test('an aborted signal ends the call', async () => {
    const signal = AbortSignal.abort('enough');
    await expect(readTable([{ a: 1 }, { a: 2 }], {}, { signal })).rejects.toBe('enough');
    await expect(readTable(file('a\n1\n2\n'), {}, { signal })).rejects.toBe('enough');
  });
});
