import { expect, test, vi } from 'vitest';
import { BackendError } from '../../src/errors.js';
import { readEntries } from '../../src/recommender/source.js';

vi.mock('../../src/io/require-from.js', () => ({
  requireFrom: () => () => {
    throw new Error('Cannot find module');
  },
}));

test('a query without its package says what to install', async () => {
  const error: unknown = await readEntries('read', { sql: 'select 1 as user, 2 as item' }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BackendError);
  expect(error).toMatchObject({ reason: 'package_missing', message: expect.stringContaining('run `npm install @duckdb/node-api`') });
});

test('a connection of one’s own needs no package, and its chunks are read in turn', async () => {
  const chunks = [
    [
      ['a', 'b'],
      [1n, 2n],
      [4, 5],
      [0, 0],
    ],
    [['c'], [3n], [3], [0]],
  ];
  const asked: string[] = [];
  const result = {
    columnNames: () => ['who', 'item', 'rating'],
    columnTypes: () => ['VARCHAR', 'BIGINT', 'FLOAT'],
    async fetchChunk() {
      const columns = chunks.shift();
      return columns === undefined ? null : { rowCount: columns[0]!.length, getColumnValues: (column: number) => columns[column]! };
    },
  };
  const connection = {
    run: async () => undefined,
    interrupt: () => undefined,
    async stream(sql: string) {
      asked.push(sql);
      return result;
    },
  };
  const read = await readEntries('read', { sql: 'from x', connection }, { columns: { user: 'who' } });
  expect(asked).toEqual(['from (from x) limit 0', 'select "who", "item", cast("rating" as double), 0 from (from x)']);
  expect([...read.users]).toEqual(['a', 'b', 'c']);
  expect([...read.items]).toEqual([1, 2, 3]);
  expect([...read.value!]).toEqual([4, 5, 3]);
});
