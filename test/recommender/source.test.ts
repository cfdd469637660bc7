import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { FormatError, ParameterError, ShapeError } from '../../src/errors.js';
import { Ids } from '../../src/recommender/ids.js';
import { readEntries } from '../../src/recommender/source.js';
import type { ReadOptions } from '../../src/recommender/source-options.js';
import { titlesOfFile } from '../../src/recommender/titles.js';

const folder = mkdtempSync(join(tmpdir(), 'boltzkit-ratings-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
/** A file with some content. */
function file(content: string | Uint8Array): string {
  const path = join(folder, `${files++}.csv`);
  writeFileSync(path, content);
  return path;
}

/** What was read, as rows. */
async function rows(source: unknown, options?: ReadOptions) {
  const { users, items, user, item, value, time } = await readEntries('read', source, options);
  return Array.from(user, (u, k) => [users.id(u), items.id(item[k] as number), ...(value ? [value[k]] : []), ...(time ? [time[k]] : [])]);
}

const read = (content: string | Uint8Array, options?: ReadOptions) => rows(file(content), options);

describe('row objects', () => {
  test('with ratings and times, from lists, iterables and async iterables', async () => {
    const given = [
      { user: 'ann', item: 7, rating: 4.5, time: 10 },
      { user: 'ben', item: 'Alien', rating: 3, time: new Date(20_000) },
    ];
    const expected = [
      ['ann', 7, 4.5, 10],
      ['ben', 'Alien', 3, 20],
    ];
    async function* later() {
      for (const row of given) yield await Promise.resolve(row);
    }
    expect(await rows(given)).toEqual(expected);
    expect(await rows(new Set(given))).toEqual(expected);
    expect(await rows(later())).toEqual(expected);
  });

  test('without ratings', async () => {
    const read = await readEntries('read', [{ user: 1, item: 2 }]);
    expect([read.value, read.time, read.scale]).toEqual([undefined, undefined, undefined]);
  });

  test('properties by known names or by those given; rating: null leaves ratings out', async () => {
    const row = { userId: 1, movieId: 2, rating: 3, plays: 40 };
    expect(await rows([row])).toEqual([[1, 2, 3]]);
    expect(await rows([row], { columns: { rating: 'plays' } })).toEqual([[1, 2, 40]]);
    expect(await rows([row], { columns: { rating: null } })).toEqual([[1, 2]]);
    await expect(rows([row], { columns: { item: 'movie_id' } })).rejects.toThrow("must have a property 'movie_id' for `columns.item`");
    await expect(rows([{ who: 1, what: 2 }])).rejects.toThrow('must have a property of users');
  });

  test('wrong rows are named', async () => {
    const good = { user: 1, item: 2, rating: 3 };
    await expect(rows([good, null])).rejects.toThrow('read: `rows`, row 1 must be an object such as { user, item, rating }, got null');
    await expect(rows([good, { user: 1, item: 3 }])).rejects.toThrow('row 1: the rating must be a finite number, got undefined');
    await expect(rows([good, { ...good, rating: Number.NaN }])).rejects.toThrow('row 1: the rating must be a finite number, got NaN');
    await expect(rows([good, { ...good, rating: 1e39 }])).rejects.toThrow('row 1: the rating must be a finite number');
    await expect(rows([good, { ...good, user: '' }])).rejects.toThrow('row 1: the user must be a string that is not empty');
    await expect(rows([good, { ...good, item: {} }])).rejects.toThrow(
      'row 1: the item must be a string that is not empty, or a finite number, got an object',
    );
    await expect(rows([{ user: 1, item: 1 }, good])).rejects.toThrow('row 1 has a rating, but row 0 has none');
    await expect(rows([])).rejects.toThrow('`rows` must have at least one row, got none');
    for (const nothing of [undefined, null, 7, {}]) await expect(rows(nothing)).rejects.toThrow(ParameterError);
  });

  test('what a row throws names the row', async () => {
    const row = {
      user: 1,
      item: 2,
      get rating(): number {
        throw new Error('no');
      },
    };
    await expect(rows([{ user: 1, item: 2, rating: 3 }, row])).rejects.toThrow('`rows[1]` could not be read');
  });
});

describe('ids', () => {
  test('__proto__ and constructor are ids like any other', async () => {
    expect(
      await rows([
        { user: '__proto__', item: 'constructor' },
        { user: 'toString', item: '__proto__' },
      ]),
    ).toEqual([
      ['__proto__', 'constructor'],
      ['toString', '__proto__'],
    ]);
  });

  test('numbers that a double does not hold are refused; their strings and bigints are exact', async () => {
    await expect(rows([{ user: 2 ** 53, item: 1 }])).rejects.toThrow(
      'row 0: the user must be a string or a number that a double holds exactly',
    );
    await expect(rows([{ user: Number.POSITIVE_INFINITY, item: 1 }])).rejects.toThrow('the user must be');
    expect(
      await rows([
        { user: '9007199254740993', item: 9007199254740993n },
        { user: '9007199254740992', item: 5n },
      ]),
    ).toEqual([
      ['9007199254740993', '9007199254740993'],
      ['9007199254740992', 5],
    ]);
  });

  test('a number and its decimal string are one id, and come back as first given', async () => {
    const read = await readEntries('read', [
      { user: 1, item: '7' },
      { user: '1', item: 8 },
      { user: '01', item: 7 },
    ]);
    expect([read.users.size, read.items.size]).toEqual([2, 2]);
    expect([read.users.id(0), read.users.id(1), read.items.id(0)]).toEqual([1, '01', '7']);
  });

  test('huge numbers take no more room than small ones', async () => {
    const read = await readEntries('read', { user: [4294967295, 9007199254740991, -5], item: ['a', 'a', 'b'] });
    expect([read.users.size, read.users.number('9007199254740991'), read.users.number(-5)]).toEqual([3, 1, 2]);
  });

  test('go on from those of another source', async () => {
    const ids = { users: new Ids(), items: new Ids() };
    await readEntries('read', [{ user: 'a', item: 1 }], { ids });
    const second = await readEntries('read', [{ user: 'b', item: 1 }], { ids });
    expect([...second.users]).toEqual(['a', 'b']);
    expect([second.user[0], second.item[0]]).toEqual([1, 0]);
  });

  test('10 million distinct users', async () => {
    const n = 10_000_000;
    const user = new Uint32Array(n).map((_, k) => 4e9 - 397 * k);
    const read = await readEntries('read', { user, item: new Uint8Array(n) });
    expect([read.users.size, read.items.size, read.duplicates]).toEqual([n, 1, 0]);
    expect(read.users.id(n - 1)).toBe(user[n - 1]);
    expect(read.users.number(String(user[123_456]))).toBe(123_456);
  });

  test('agree with a plain map, whatever comes', () => {
    const [ids, plain] = [new Ids(), new Map<string, number>()];
    const given = Array.from({ length: 20_000 }, (_, k) => {
      const number = (k * 7919) % 6007;
      return [number - 3000, `${number - 3000}`, `u${number}`, `${number}.0`, number / 8][k % 5] as string | number;
    });
    for (const id of given) {
      if (!plain.has(String(id))) plain.set(String(id), plain.size);
      expect(ids.add(id)).toBe(plain.get(String(id)));
    }
    expect(ids.size).toBe(plain.size);
    expect([...ids].map(String)).toEqual([...plain.keys()]);
    expect(ids.number('nobody')).toBeUndefined();
    expect(ids.number(123456)).toBeUndefined();
  });
});

describe('columns', () => {
  test('typed arrays and lists', async () => {
    expect(await rows({ user: new Uint32Array([1, 2]), item: ['a', 'b'], rating: new Float64Array([4, 5]), time: [7, 8] })).toEqual([
      [1, 'a', 4, 7],
      [2, 'b', 5, 8],
    ]);
    expect(await rows({ user: new BigUint64Array([3n]), item: [1] })).toEqual([[3, 1]]);
  });

  test('of different lengths are refused', async () => {
    await expect(rows({ user: [1, 2], item: [1] })).rejects.toThrow(
      new ShapeError('read: `rows.item` must be as long as `rows.user` (2), got 1'),
    );
    await expect(rows({ user: [1], item: [1], rating: 5 })).rejects.toThrow('`rows.rating` must be an array or typed array, got 5');
    await expect(rows({ user: [], item: [] })).rejects.toThrow('at least one row');
  });
});

describe('duplicates and scales', () => {
  test('of the same pair the last one counts', async () => {
    const given = [
      { user: 1, item: 1, rating: 1 },
      { user: 2, item: 1, rating: 2 },
      { user: '1', item: '1', rating: 5 },
      { user: 1, item: 2, rating: 3 },
      { user: 1, item: 1, rating: 4 },
    ];
    expect(await rows(given)).toEqual([
      [2, 1, 2],
      [1, 2, 3],
      [1, 1, 4],
    ]);
    expect(await readEntries('read', given)).toMatchObject({ rows: 5, duplicates: 2 });
  });

  test('the scale is found, or given and held to', async () => {
    const given = { user: [1, 2, 3], item: [1, 1, 1], rating: [4.5, 0.5, 3] };
    expect((await readEntries('read', given)).scale).toEqual({ values: [0.5, 3, 4.5] });
    expect((await readEntries('read', given, { scale: [0.5, 3, 4.5, 5] })).scale).toEqual({ values: [0.5, 3, 4.5, 5] });
    await expect(rows(given, { scale: [1, 3, 4.5] })).rejects.toThrow('`rows`, row 1: the rating must be on the scale 1, 3, 4.5, got 0.5');
    expect((await readEntries('read', { ...given, rating: [0.1, 0.2, 0.3] }, { scale: [0.1, 0.2, 0.3] })).user).toHaveLength(3);
    for (const scale of [[1], [2, 1], [1, Number.NaN], 'x', [1, 1]])
      await expect(rows(given, { scale: scale as number[] })).rejects.toThrow(/`scale/);
    const many = Array.from({ length: 300 }, (_, k) => k / 7);
    expect((await readEntries('read', { user: many, item: many, rating: many })).scale).toBeUndefined();
  });
});

describe('files', () => {
  const expected = [
    ['1', 'Alien', 4.5, 978300760],
    ['2', '007', 3, 978300761],
  ];

  test.each([
    ['csv', 'userId,movieId,rating,timestamp\n1,Alien,4.5,978300760\n2,007,3,978300761\n'],
    ['csv with other line ends and columns', 'timestamp;rating;tag;MovieID;user_id\r\n978300760;4.5;x;Alien;1\r\n978300761;3;y;007;2\r\n'],
    ['tsv without names', '1\tAlien\t4.5\t978300760\n2\t007\t3\t978300761'],
    ['::', '1::Alien::4.5::978300760\n\n2::007::3::978300761\n'],
    ['quotes and blanks', '"user","item","rating","time"\n"1", Alien ,4.5,978300760\n2,"007",3,978300761\n'],
    ['a byte order mark', '\ufeffuserId,movieId,rating,timestamp\n1,Alien,4.5,978300760\n2,007,3,978300761\n'],
    ['dates', 'user,item,rating,date\n1,Alien,4.5,2000-12-31 22:12:40\n2,007,3,2000-12-31T22:12:41Z\n'],
  ])('%s', async (_, content) => {
    expect(await read(content)).toEqual(expected);
    expect(await rows(pathToFileURL(file(gzipSync(content))))).toEqual(expected);
  });

  test('UTF-16 of both kinds, with its mark', async () => {
    const text = '\ufeffuser\titem\trating\nZoë\tAmélie\t5\n';
    const little = Buffer.from(text, 'utf16le');
    expect(await read(little)).toEqual([['Zoë', 'Amélie', 5]]);
    expect(await read(Buffer.from(little).swap16())).toEqual([['Zoë', 'Amélie', 5]]);
    expect(await read(gzipSync(little))).toEqual([['Zoë', 'Amélie', 5]]);
  });

  test('two columns are interactions', async () => {
    expect(await read('ann,Alien\nben,Brazil\n')).toEqual([
      ['ann', 'Alien'],
      ['ben', 'Brazil'],
    ]);
  });

  test('a first line of names that are not known is refused with those there are', async () => {
    await expect(read('who,what,howmuch\n1,2,3\n')).rejects.toThrow(
      "line 1 must have a column of users, called 'userId' for instance; there are 'who', 'what', 'howmuch'",
    );
    expect(await read('who,what,howmuch\n1,2,3\n', { columns: { user: 'who', item: 'what', rating: 'howmuch' } })).toEqual([['1', '2', 3]]);
    expect(await read('who,what,howmuch\n1,2,3\n', { columns: { user: 'who', item: 'what' } })).toEqual([['1', '2']]);
    await expect(read('user,item\n1,2\n', { columns: { user: 'usr' } })).rejects.toThrow(
      "must have a column 'usr' for `columns.user`, there are 'user', 'item' (did you mean 'user'?)",
    );
  });

  test('a missing line of names: users, items, ratings and times in this order', async () => {
    expect(await read('196,242,3,881250949\n')).toEqual([['196', '242', 3, 881250949]]);
    await expect(read('1,2,3,4,5\n')).rejects.toThrow(
      'line 1 must have 2 to 4 fields (user, item, rating, time) where there are no names, got 5',
    );
    await expect(read('user,item\n1,2\n', { header: false })).resolves.toHaveLength(2);
  });

  test('ragged rows are refused by line', async () => {
    await expect(read('user,item,rating\n1,2,3\n\n1,3\n')).rejects.toThrow('line 4 must have 3 fields like the lines before it, got 2');
    await expect(read('user,item,rating\n1,2,4,5\n')).rejects.toThrow('line 2 must have 3 fields');
  });

  test('a decimal comma is refused with the remedy, and read where it is said', async () => {
    const content = 'user;item;rating\n1;2;4,5\n';
    await expect(read(content)).rejects.toThrow(/line 2: the rating must be a finite number, got "4,5" \(say `decimal: ','`/);
    expect(await read(content, { decimal: ',' })).toEqual([['1', '2', 4.5]]);
    await expect(read('1;2;4,5\n')).rejects.toThrow('line 1: the rating must be a finite number, got "4,5"');
  });

  test('ratings that are none, and ratings off the scale, are refused by line', async () => {
    for (const wrong of ['NaN', '', 'four', '0x10', 'Infinity', '1e999']) {
      await expect(read(`user,item,rating\n1,2,3\n1,3,${wrong}\n`)).rejects.toThrow('line 3: the rating must be a finite number');
    }
    await expect(read('user,item,rating\n1,2,6\n', { scale: [1, 2, 3, 4, 5] })).rejects.toThrow(
      'line 2: the rating must be on the scale 1, 2, 3, 4, 5, got 6',
    );
    await expect(read('user,item,time\n1,2,soon\n')).rejects.toThrow('line 2: the time must be a finite number, got "soon"');
    await expect(read('user,item\n,2\n')).rejects.toThrow('line 2: the user must be a string that is not empty');
  });

  test('files with nothing in them', async () => {
    await expect(read('')).rejects.toThrow('is empty; there must be a line for each rating');
    await expect(read('user,item,rating\n')).rejects.toThrow('has a line of names, but no ratings');
    await expect(read('\n\n')).rejects.toThrow(FormatError);
    await expect(rows(join(folder, 'nowhere.csv'))).rejects.toThrow('there is no such file or folder');
    await expect(rows(folder)).rejects.toThrow('it is a folder');
  });

  test('a gz file that becomes too large ends early', async () => {
    const bomb = gzipSync(Buffer.concat([Buffer.from('1,2,3\n1,'), Buffer.alloc(80_000_000, '7')]));
    expect(bomb.length).toBeLessThan(800_000);
    await expect(read(bomb)).rejects.toThrow('unpacks to more than 67108864 bytes; if it is to be trusted, raise `maxUnpackedBytes`');
    await expect(read(gzipSync('1,2,3\n'.repeat(100)), { maxUnpackedBytes: 50 })).rejects.toThrow('unpacks to more than 50 bytes');
    await expect(read(gzipSync('user,item\n1,2\n').subarray(0, 25))).rejects.toThrow('is not an intact gzip file');
  });

  test('progress ends at 1; a signal ends the call', async () => {
    const path = file('1,2,3\n'.repeat(50_000));
    const shares: number[] = [];
    const read = await readEntries('read', path, { onProgress: ({ fraction }) => shares.push(fraction) });
    expect([read.rows, read.duplicates, shares.at(-1)]).toEqual([50_000, 49_999, 1]);
    await expect(rows(path, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    const stop = new AbortController();
    await expect(rows(path, { signal: stop.signal, onProgress: () => stop.abort(new Error('stop')) })).rejects.toThrow('stop');
  });

  test('options are checked before anything is read', async () => {
    const wrong: [object, string][] = [
      [{ header: 1 }, "`header` must be true, false or 'auto'"],
      [{ delimiter: '' }, '`delimiter` must be'],
      [{ decimal: ';' }, "`decimal` must be '.' or ','"],
      [{ columns: { user: 7 } }, '`columns.user` must be the name of a column, got 7'],
      [{ columns: { user: null } }, '`columns.user` must be the name of a column, got null'],
      [{ columns: { rating: 7 } }, '`columns.rating` must be the name of a column, or null for none'],
      [{ columns: { usr: 'x' } }, '`columns` has no `usr`'],
      [{ colums: {} }, "there is no option `colums` (did you mean 'columns'?)"],
      [{ ids: {} }, '`ids` must be ids of users and items'],
    ];
    for (const [options, message] of wrong) await expect(rows(join(folder, 'nowhere.csv'), options)).rejects.toThrow(message);
  });
});

describe('queries by DuckDB', () => {
  test('columns by name; large whole numbers stay exact, moments become seconds', async () => {
    const file = `values (1::hugeint, 'Alien', 4.5, timestamp '2000-12-31 22:12:40'), (18446744073709551615, 'Brazil', 3, timestamp '2000-12-31 22:12:41')`;
    const sql = `select * from (${file}) t("User ID", movieId, rating, "at") order by "at";`;
    expect(await rows({ sql }, { columns: { time: 'at' } })).toEqual([
      [1, 'Alien', 4.5, 978300760],
      ['18446744073709551615', 'Brazil', 3, 978300761],
    ]);
  });

  test('parquet, written and read', async () => {
    const path = join(folder, 'ratings.parquet').replaceAll("'", "''");
    const setup = [
      `copy (select i % 50 as userId, i // 50 as movieId, i % 5 + 1 as rating from range(5000) t(i)) to '${path}' (format parquet)`,
    ];
    const read = await readEntries('read', { sql: `from '${path}'`, setup });
    expect([read.rows, read.users.size, read.items.size, read.scale]).toEqual([5000, 50, 100, { values: [1, 2, 3, 4, 5] }]);
    expect(typeof read.users.id(0)).toBe('number');
  });

  test('what is wrong is said', async () => {
    await expect(rows({ sql: 'select' })).rejects.toThrow('read: the query failed: ');
    await expect(rows({ sql: 'select 1 as a, 2 as b' })).rejects.toThrow("the query's result must have a column of users");
    await expect(rows({ sql: 'select 1 as user, null as item' })).rejects.toThrow("the query's result, row 0: the item must be");
    await expect(rows({ sql: 'select 1 as user, 1 as item limit 0' })).rejects.toThrow('at least one row');
    await expect(rows({ sql: '' })).rejects.toThrow('`rows.sql` must be a query');
    await expect(rows({ sql: 'select 1', setup: 'x' })).rejects.toThrow('`rows.setup` must be a list of statements');
    await expect(rows({ sql: 'select 1', connection: {} })).rejects.toThrow('`rows.connection` must be a connection');
    await expect(rows({ sql: 'select 1', files: 2 })).rejects.toThrow('`rows` has no `files`');
    await expect(rows({ sql: 'select 1 as user, 2 as item, 9 as rating' }, { scale: [1, 2] })).rejects.toThrow(
      'must be on the scale 1, 2, got 9',
    );
  });
});

describe('files of titles', () => {
  const titles = async (content: string | Uint8Array, options?: Parameters<typeof titlesOfFile>[2]) => [
    ...(await titlesOfFile('titles', file(content), options)),
  ];

  test('of all three kinds that MovieLens has', async () => {
    expect(await titles('movieId,title,genres\n1,"Postman, The (1997)",Drama\n2,Alien,Horror|Sci-Fi\n')).toEqual([
      ['1', 'Postman, The (1997)'],
      ['2', 'Alien'],
    ]);
    expect(await titles(Buffer.from('1::Misérables, Les (1995)::Drama\n2::"Great" Escape::War\n', 'latin1'))).toEqual([
      ['1', 'Misérables, Les (1995)'],
      ['2', '"Great" Escape'],
    ]);
    expect(await titles('1|Toy Story (1995)|01-Jan-1995||http://x\n')).toEqual([['1', 'Toy Story (1995)']]);
    expect(await titles(gzipSync('id\tname\turl\n51\tDuran Duran\tx\n'))).toEqual([['51', 'Duran Duran']]);
  });

  test('columns by name; what is wrong is said', async () => {
    expect(await titles('a,b,c\n1,2,3\n', { columns: { item: 'c', title: 'a' } })).toEqual([['3', '1']]);
    await expect(titles('a,b\n1,2\n', { columns: { item: 'x', title: 'a' } })).rejects.toThrow(
      "line 1 must have columns of items and titles; there are 'a', 'b'",
    );
    await expect(titles('')).rejects.toThrow('is empty');
    await expect(titles('alone\n')).rejects.toThrow('at least 2 columns');
    await expect(titles('a,"b\n')).rejects.toThrow('is not a table');
    await expect(titles(gzipSync(Buffer.alloc(80_000_000, '1,a\n')))).rejects.toThrow('unpacks to more than');
  });
});
