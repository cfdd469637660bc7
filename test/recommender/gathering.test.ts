import { expect, test } from 'vitest';
import type { UserEntries } from '../../src/recommender/entries.js';
import type { RecommenderModel } from '../../src/recommender/family.js';
import { Gathering } from '../../src/recommender/gathering.js';

/** Scores are the user's number; user 1 is refused. Notes how many it is asked about at once. */
function refusing(sizes: number[]): RecommenderModel {
  return {
    family: 'refusing',
    target: 'interactions',
    items: 2,
    scores: async (given) => {
      sizes.push(given.length);
      if (given.some(({ user }) => user === 1)) throw new Error('not user 1');
      return Float32Array.from(given.flatMap(({ user = 0 }) => [user, user]));
    },
    save: () => ({ tensors: new Map(), settings: {} }),
  };
}

test('what the model refuses of one fails nobody else', async () => {
  const sizes: number[] = [];
  const gathering = new Gathering(refusing(sizes), 8);
  const one = (user: number): UserEntries => ({ items: new Uint32Array(0), values: new Float32Array(0), user });
  const answers = await Promise.allSettled([0, 1, 2].map((user) => gathering.ask(one(user), undefined)));
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(answers.map((answer) => (answer.status === 'fulfilled' ? [...answer.value] : String(answer.reason)))).toEqual([
    [0, 0],
    'Error: not user 1',
    [2, 2],
  ]);
  expect(sizes).toEqual([3, 1, 1, 1]);
});
