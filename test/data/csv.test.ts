import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCsv, readCsvBatches } from '../../src/data/csv.js';
import { FormatError, ParameterError } from '../../src/errors.js';
import { rejection, temporaryFolder } from './support.js';

const folder = temporaryFolder();
const file = (text: string | Uint8Array) => folder.put('t.csv', text);

describe('a table of numbers is read as it stands', () => {
  test.each<[string, string, number[][], string[] | null]>([
    [
      'plain',
      '1,2\n3,4\n',
      [
        [1, 2],
        [3, 4],
      ],
      null,
    ],
    [
      'without a last line end',
      '1,2\n3,4',
      [
        [1, 2],
        [3, 4],
      ],
      null,
    ],
    [
      'with Windows line ends',
      '1,2\r\n3,4\r\n',
      [
        [1, 2],
        [3, 4],
      ],
      null,
    ],
    ['with names', 'a,b\n1,2\n', [[1, 2]], ['a', 'b']],
    ['with quoted names', '"a, b","c ""d"""\n"1","2"\n', [[1, 2]], ['a, b', 'c "d"']],
    ['with a byte order mark', '\ufeffa,b\n1,2\n', [[1, 2]], ['a', 'b']],
    ['with blanks around numbers', ' 1 ,\t2\n', [[1, 2]], null],
    [
      'with empty lines',
      '1,2\n\n3,4\n\n',
      [
        [1, 2],
        [3, 4],
      ],
      null,
    ],
    ['in every notation of decimals', '-1.5,+2,1e3,.5,5.,0e1,1E-2\n', [[-1.5, 2, 1000, 0.5, 5, 0, 0.01]], null],
    ['with one column', '1\n0\n', [[1], [0]], null],
    ['names that look like pixels', 'label,1x1,1x2\n5,0,255\n', [[5, 0, 255]], ['label', '1x1', '1x2']],
  ])('%s, compressed or not', async (_, text, expected, names) => {
    for (const content of [text, gzipSync(text)]) {
      const table = await readCsv(file(content));
      expect(table.names).toEqual(names);
      expect(table.shape).toEqual([expected.length, expected[0]!.length]);
      expect([...table.data]).toEqual(expected.flat());
    }
  });

  test('the first line is names or numbers as the caller says', async () => {
    expect((await readCsv(file('2019,2020\n1,2\n'), { header: true })).names).toEqual(['2019', '2020']);
    expect((await readCsv(file('2019,2020\n1,2\n'), { header: false })).shape).toEqual([2, 2]);
    expect((await readCsv(file('id,1,2\n5,1,2\n'), { header: true })).names).toEqual(['id', '1', '2']);
  });

  test.each<[string, string, number[], string[] | null]>([
    ['commas', '1,2\n3,4\n', [1, 2, 3, 4], null],
    ['semicolons', 'a;b\n1;2\n3;4\n', [1, 2, 3, 4], ['a', 'b']],
    ['tabs', '1\t2\n3\t4', [1, 2, 3, 4], null],
    ['bars', 'a|b\n1|2', [1, 2], ['a', 'b']],
    ['a comma in one name', 'a, of b;c\n1;2\n3;4', [1, 2, 3, 4], ['a, of b', 'c']],
    ['commas in quoted names', '"a,b,c";"d"\n1;2', [1, 2], ['a,b,c', 'd']],
    ['one column', 'a\n1\n2', [1, 2], ['a']],
    ['empty lines first', '\n\n1;2\n\n3;4\n', [1, 2, 3, 4], null],
    ['empty fields', '1;;3\n;2;\n', [1, Number.NaN, 3, Number.NaN, 2, Number.NaN], null],
  ])('the delimiter is found: %s', async (_, text, data, names) => {
    for (const content of [text, gzipSync(text)]) {
      const table = await readCsv(file(content));
      expect([[...table.data], table.names]).toEqual([data, names]);
    }
  });

  test('the delimiter of a long file is found from its beginning', async () => {
    const text = `${'1;2;3\n'.repeat(200_000)}4;5;6`;
    for (const content of [text, gzipSync(text)]) expect((await readCsv(file(content))).shape).toEqual([200_001, 3]);
  });

  test('missing values are NaN', async () => {
    const none = Number.NaN;
    expect([...(await readCsv(file('a,b,c\n1,,NA\nNaN, ,null\n?,nan,2\n'))).data]).toEqual([
      1,
      none,
      none,
      none,
      none,
      none,
      none,
      none,
      2,
    ]);
    expect([...(await readCsv(file('-,1\n2,x'), { missing: ['-', 'X'] })).data]).toEqual([none, 1, 2, none]);
    expect([...(await readCsv(file('1,-999\n'), { missing: ['-999'] })).data]).toEqual([1, -999]);
    expect((await rejection(readCsv(file('1,\n'), { missing: [] }))).message).toMatch(/line 1, column 2 must be a finite number, got ""/);
  });

  test('a first line of numbers and missing values is data, also with some of them missing', async () => {
    expect((await readCsv(file(',2\n3,4'))).shape).toEqual([2, 2]);
    expect((await readCsv(file(',a\n3,4'))).names).toEqual(['', 'a']);
  });

  test('other delimiters and precisions', async () => {
    expect([...(await readCsv(file('1\t2\n'), { delimiter: '\t' })).data]).toEqual([1, 2]);
    const single = await readCsv(file('0.1,16777217\n'), { dtype: 'float32' });
    expect(single.data).toEqual(new Float32Array([0.1, 16777216]));
    expect((await readCsv(file('0.1,16777217\n'))).data).toEqual(new Float64Array([0.1, 16777217]));
  });

  test('any doubles survive being written as text', async () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    const rows = fc
      .integer({ min: 1, max: 5 })
      .chain((cols) => fc.array(fc.array(number, { minLength: cols, maxLength: cols }), { minLength: 1 }));
    await fc.assert(
      fc.asyncProperty(rows, async (table) => {
        const { data } = await readCsv(file(table.map((row) => row.join(',')).join('\n')));
        // Text has no negative zero as JavaScript writes it.
        expect([...data]).toEqual(table.flat().map((value) => (value === 0 ? 0 : value)));
      }),
      { numRuns: 50 },
    );
  });

  test('a file of many blocks', async () => {
    const rows = Array.from({ length: 5000 }, (_, r) => [r, r * 0.5, -r]);
    const { data } = await readCsv(file(gzipSync(rows.map((row) => row.join(',')).join('\n'))));
    expect([...data]).toEqual(rows.flat().map((value) => value + 0));
  });
});

describe('batches of rows come in order, with the rest last', () => {
  test('in the size asked for', async () => {
    const path = file(`a\n${Array.from({ length: 25 }, (_, i) => i).join('\n')}`);
    const sizes: number[] = [];
    const all: number[] = [];
    for await (const { data, shape, names } of readCsvBatches(path, { batchSize: 10 })) {
      expect(names).toEqual(['a']);
      sizes.push(shape[0]!);
      all.push(...data);
    }
    expect(sizes).toEqual([10, 10, 5]);
    expect(all).toEqual(Array.from({ length: 25 }, (_, i) => i));
  });

  test.runIf(process.platform === 'linux')('leaving early closes the file', async () => {
    const path = file(gzipSync(Array.from({ length: 200_000 }, (_, i) => i).join('\n')));
    const open = () => execFileSync('ls', ['-l', `/proc/${process.pid}/fd`], { encoding: 'utf8' }).split(path).length - 1;
    for await (const { data } of readCsvBatches(path, { batchSize: 1 })) {
      expect([...data]).toEqual([0]);
      break;
    }
    await expect.poll(open).toBe(0);
  });
});

describe('what is not a table of numbers is refused with line and column', () => {
  test.each<[string, string | Uint8Array, RegExp]>([
    ['text in a field', '1,2\n3,x\n', /readCsv: .*t\.csv, line 2, column 2 must be a finite number, got "x"/],
    ['text in a named column', 'a,b\n1,2\n\n3,x\n', /line 4, column 2 \("b"\) must be a finite number, got "x"/],
    [
      'a column of text',
      'a,b\n1,x\n',
      /line 2, column 2 \("b"\) must be a finite number, got "x" \(tables with columns of text are for readTable\)/,
    ],
    ['infinity', '1,2\n1,Infinity\n', /line 2, column 2 must be a finite number, got "Infinity"/],
    ['a number too large', '1,1e999\n2,3', /line 1, column 2 must be a finite number, got "1e999"/],
    ['hexadecimal', '1,2\n1,0x10\n', /got "0x10"/],
    ['digits with separators', '1,2\n1,1_000\n', /got "1_000"/],
    ['a field too many', '1,2\n3,4,5\n', /line 2 must have 2 fields like the lines before it, got 3/],
    ['a field too few', 'a,b\n1,2\n3\n', /line 3 must have 2 fields like the lines before it, got 1/],
    [
      'names among numbers',
      'id,1\n3,4\n',
      /line 1, column 1 must be a finite number, got "id" \(if line 1 holds names, say so with header: true\)/,
    ],
    ['a quote that is not closed', '1,2\n"3,4\n', /is not a CSV file: Quote Not Closed/],
    ['nothing', '', /has no rows of numbers/],
    ['names and nothing else', 'a,b\n', /has no rows of numbers/],
    ['bytes', Buffer.from([0, 1, 2, 255, 254]), /has no rows|must be a finite number/],
    ['gzip cut short', gzipSync('1,2\n3,4\n').subarray(0, 20), /is not an intact gzip file: unexpected end of file/],
    ['gzip altered', Buffer.from(gzipSync('1,2\n3,4\n')).fill(9, 12, 14), /is not an intact gzip file/],
  ])('%s', async (_, content, message) => {
    const error = await rejection(readCsv(file(content)));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toMatch(message);
  });

  test('a value beyond single precision when that was asked for', async () => {
    expect((await rejection(readCsv(file('1\n1e300\n'), { dtype: 'float32' }))).message).toMatch(/line 2, column 1 must be a finite/);
  });

  test('lines are counted as an editor does, also with Windows line ends', async () => {
    const text = 'a,b\r\n1,2\r\n\r\n3,4\r\n5,x\r\n';
    expect((await rejection(readCsv(file(text)))).message).toMatch(/line 5, column 2/);
  });

  test('an error in a later batch comes after the good ones', async () => {
    const path = file('1\n2\n3\nx\n');
    const seen: number[] = [];
    const read = async () => {
      for await (const { data } of readCsvBatches(path, { batchSize: 2 })) seen.push(...data);
    };
    expect((await rejection(read())).message).toMatch(/line 4, column 1/);
    expect(seen.slice(0, 2)).toEqual([1, 2].slice(0, seen.length));
  });

  test('files that are none', async () => {
    expect((await rejection(readCsv(folder.path))).message).toMatch(/it is a folder, not a file/);
    expect((await rejection(readCsv(`${folder.path}/missing.csv`))).message).toMatch(/ENOENT/);
  });

  test.each<[object, RegExp]>([
    [{ header: 'yes' }, /`header` must be true, false or 'auto', got "yes"/],
    [{ delimiter: '' }, /`delimiter` must be a character/],
    [{ delimiter: '\n' }, /`delimiter` must be a character/],
    [{ delimiter: 5 }, /`delimiter` must be a character/],
    [{ dtype: 'int' }, /`dtype` must be 'float32' or 'float64', got "int"/],
    [{ missing: 'NA' }, /`missing` must be a list of texts, got "NA"/],
    [{ missing: [5] }, /`missing` must be a list of texts, got an array/],
    [{ seperator: ';' }, /there is no option `seperator`/],
  ])('option %j', async (options, message) => {
    const error = await rejection(readCsv(file('1,2'), options as never));
    expect(error).toBeInstanceOf(ParameterError);
    expect(error.message).toMatch(message);
  });

  test('a batch of no rows', async () => {
    for (const batchSize of [0, -1, 1.5, Number.NaN]) {
      expect(await rejection(readCsvBatches(file('1'), { batchSize }).next())).toBeInstanceOf(ParameterError);
    }
  });
});
