/** What the server answers: one row per route, from which the router and the OpenAPI document are made. */
import type { z } from 'zod';
import type { Id } from '../../recommender/ids.js';
import type { About } from '../../recommender/question.js';
import type { RecommendOptions } from '../../recommender/recommend-options.js';
import type { Recommender } from '../../recommender/recommender.js';
import type { Recommendations } from '../../recommender/results.js';
import { packageVersion } from '../package-info.js';
import { answers, requests } from './schemas.js';

/** One route. `handle` is given what `request` made of the query or of the body. */
export interface Route {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly summary: string;
  readonly request: z.ZodObject | null;
  /** Parameters of the query that may be repeated. */
  readonly lists: readonly string[];
  readonly answer: z.ZodType;
  readonly handle: (given: never) => unknown;
}

type Query<K extends keyof typeof requests> = z.output<(typeof requests)[K]>;

/** All routes of a recommender. */
export function routesOf(rec: Recommender): Route[] {
  const health = { status: 'ok', model: rec.model, target: rec.target, users: rec.users().length, items: rec.items().length };
  const alive = { ...health, version: packageVersion() };
  return [
    {
      method: 'get',
      path: '/recommend',
      summary: 'Recommend items to a user of the training rows',
      request: requests.recommendQuery,
      lists: ['only', 'deny'],
      answer: answers.recommend,
      handle: async ({ keepSeen, atLeast, ...rest }: Query<'recommendQuery'>) => {
        const by = atLeast === undefined ? undefined : { atLeast };
        return listed(await rec.recommend({ ...rest, keepSeen: keepSeen === 'true', by }));
      },
    },
    {
      method: 'post',
      path: '/recommend',
      summary: 'Recommend items to a user, or to somebody new by ratings or items',
      request: requests.recommend,
      lists: [],
      answer: answers.recommend,
      handle: async (given: Query<'recommend'>) => listed(await rec.recommend(given as About & RecommendOptions)),
    },
    {
      method: 'get',
      path: '/similar',
      summary: 'The items most like one',
      request: requests.similarQuery,
      lists: [],
      answer: answers.similar,
      handle: ({ item, n }: Query<'similarQuery'>) => ({ similar: rec.similarItems(item, n) }),
    },
    {
      method: 'get',
      path: '/predict',
      summary: 'Foresee ratings of a user of the training rows',
      request: requests.predictQuery,
      lists: ['item'],
      answer: answers.predict,
      handle: ({ user, item }: Query<'predictQuery'>) => predicted(rec, { user }, item),
    },
    {
      method: 'post',
      path: '/predict',
      summary: 'Foresee ratings of a user, or of somebody new by ratings',
      request: requests.predict,
      lists: [],
      answer: answers.predict,
      handle: ({ items, ...about }: Query<'predict'>) => predicted(rec, about as About, items),
    },
    {
      method: 'get',
      path: '/health',
      summary: 'Whether the server is up, and what it serves',
      request: null,
      lists: [],
      answer: answers.health,
      handle: () => alive,
    },
  ];
}

function listed(list: Recommendations): z.input<typeof answers.recommend> {
  const { candidates, reason, unknown } = list;
  return { recommendations: list, candidates, reason, unknown: [...unknown] };
}

function predicted(rec: Recommender, about: About, items: readonly Id[]): z.input<typeof answers.predict> {
  const predictions = rec.predict(about, items).map(({ mean, variance, probabilities }, i) => {
    const item = items[i] as Id;
    const title = rec.title(item);
    return { item, ...(title === undefined ? {} : { title }), mean, variance, probabilities: Array.from(probabilities) };
  });
  return { scale: rec.scale === null ? null : [...rec.scale.values], predictions };
}
